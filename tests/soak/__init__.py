"""Tests that try for minutes: ``python -m tests.soak [NAME]``; the suite runs them with few tries."""
