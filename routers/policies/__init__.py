"""Policies: from chances, costs and limits to the experts that each query gets."""
