"""Experts: the shared types, engines, hosting, answer extraction, and the miniature pool's weights."""
