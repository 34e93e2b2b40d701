"""Aggregators that are made of others."""
