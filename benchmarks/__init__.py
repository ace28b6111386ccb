"""Measured speed: how the reference compares with the frameworks, side by side."""
