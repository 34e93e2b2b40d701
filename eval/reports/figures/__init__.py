"""Figures of a report's page: SVG with a title, axis names, a caption, and the same numbers as a table."""
