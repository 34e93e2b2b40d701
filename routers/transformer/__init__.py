"""A fine-tuned transformer that reads the question itself (Bench-CoE)."""
