"""Low-rank models of who is right on what (EmbedLLM)."""
