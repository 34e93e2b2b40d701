"""Benchmarks, profiling of a pool, scoring, and reports: the only package that knows gold answers."""
