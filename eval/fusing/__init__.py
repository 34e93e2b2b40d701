"""Comparisons of aggregators, on recorded outcomes and on live pools."""
