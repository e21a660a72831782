"""Benchmarks: each case measured beside its peer in one process tree."""
