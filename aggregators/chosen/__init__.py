"""The aggregator that was measured to be the best for a group of questions."""
