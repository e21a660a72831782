"""Experiments: what a change of the data is worth, on the same split and the same rows held out."""
