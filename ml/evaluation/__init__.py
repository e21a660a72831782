"""What is worked out of a version's rows held out, one module a concept."""
