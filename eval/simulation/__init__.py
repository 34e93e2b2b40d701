"""The pure scheduler at sizes that no test machine has: arrival traces, fake slots, other policies."""
