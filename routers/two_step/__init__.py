"""Routing in two steps: question to category, category to expert under a budget."""
