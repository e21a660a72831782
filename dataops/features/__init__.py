"""Features: SQL models that say when each row happened and was known, read right in time."""
