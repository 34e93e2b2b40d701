"""Hosting of vLLM experts: slots under Ray, engine processes, residency, the round scheduler."""
