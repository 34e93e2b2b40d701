"""Benchmarks by name, or by a YAML file of one's own: where questions and gold answers come from."""
