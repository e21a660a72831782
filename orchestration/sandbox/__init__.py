"""Sandboxes and slim CI: builds that no reader sees."""
