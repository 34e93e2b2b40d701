"""Votes over the answers of several experts."""
