"""Our runs and scores beside those of other projects: same answers, same figures, their formats."""
