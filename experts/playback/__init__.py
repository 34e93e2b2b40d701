"""Recorded outputs: how they are read, and the simulated machine on which they are played back."""
