"""Made-up rows: the sets of a project and their reports."""
