"""Importers: outcomes that people already have, in the layouts of other projects, as outcome tables."""
