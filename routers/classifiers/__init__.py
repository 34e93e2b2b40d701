"""Routers that classify the question: by who is right on it, by its subject, by its domain."""
