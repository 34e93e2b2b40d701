"""Multidimensional item response theory: abilities of experts, difficulty of questions (IrtNet)."""
