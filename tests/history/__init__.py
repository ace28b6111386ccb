"""One adapter over the versions of its framework."""
