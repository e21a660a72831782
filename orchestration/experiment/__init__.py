"""What a change of the data is worth."""
