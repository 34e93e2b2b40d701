"""Fusion that is learned from profiling runs."""
