"""The house itself: who may import whom, which words are used, how long things are."""
