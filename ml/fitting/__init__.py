"""From rows to a model that tells: searching, fitting, calibrating, deciding."""
