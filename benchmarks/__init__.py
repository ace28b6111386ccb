"""Measured speed: the reference beside the frameworks, the suite itself, the tail of the exact oracle."""
