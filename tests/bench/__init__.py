"""Benches: speed as a ratio to a peer in the same run, never a timed test."""
