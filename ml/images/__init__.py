"""Photos as numbers: decoded within limits, described by scikit-image, each photo once."""
