"""The rows learnt from: read, checked, encoded, split; one module a concept."""
