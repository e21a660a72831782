"""The upstream systems of the shipped example business: they write landing files, no more."""
