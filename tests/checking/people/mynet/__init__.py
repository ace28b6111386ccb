"""A small package of layers."""
