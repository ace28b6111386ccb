"""Modes that several adapters share: on how many threads a framework computes."""

from convformance.adapters.contract import UsageError

# Threads cost ten times as much as they save on small shapes: 1 is the default.
THREADS = ("1", "2", "*")


def thread_count(text: str) -> int:
    """Return the number of threads that a mode says; raises UsageError for what is no number above 0."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"threads={text!r} is no number of threads; allowed: a whole number above 0")
    return int(text)
