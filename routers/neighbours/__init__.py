"""Routers that look at solved questions near the one asked, without training."""
