"""Routing by skill: who was right on questions that needed the same skills (Symbolic-MoE)."""
