"""Comparison of aggregators on a live pool: real engines, the same candidates for all."""
