"""A version written out for other engines, behind a gate that scores a sample both ways."""
