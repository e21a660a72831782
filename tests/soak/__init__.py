"""Tests that try for minutes: ``python -m tests.soak [NAME]``; the suite has few tries of each."""
