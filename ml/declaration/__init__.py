"""The parts of a declaration, ``config.meta.ml`` of an exposure, one module a part."""
