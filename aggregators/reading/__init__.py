"""Aggregators in which an LLM of the pool reads the candidates."""
