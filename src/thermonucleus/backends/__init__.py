"""Backends: one file a generator library."""
