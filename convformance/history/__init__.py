"""One adapter over the versions of its framework: an environment for each, a run in each, since when what diverges."""
