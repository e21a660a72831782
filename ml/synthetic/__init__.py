"""Made-up rows of a training set as a further source, with a report of what they are worth."""
