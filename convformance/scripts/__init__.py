"""A finding as a script that a person would send."""
