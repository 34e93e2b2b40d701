"""Aggregators: votes and LLM synthesis that fuse the completions of several experts into one answer."""
