"""Files that are written for a person to go on from: a feature with its test, a model's door."""
