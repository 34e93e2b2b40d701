"""Routers that go by words: an LLM reads about the experts, or their descriptions are matched."""
