"""Randomised trees over the space of questions, their leaves averaged."""
