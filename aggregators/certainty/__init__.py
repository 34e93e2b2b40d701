"""Fusion by how certain experts were of their own answers."""
