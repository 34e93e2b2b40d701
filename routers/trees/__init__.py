"""A partition of the space of questions with a record per region (expertise trees)."""
