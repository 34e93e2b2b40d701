"""Performance benchmarks: run by hand, their figures kept in docs/experiments.md; never tests."""
