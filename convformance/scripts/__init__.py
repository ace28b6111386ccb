"""A finding as a short script that a person would send to a tracker, and the check that it still diverges."""

from convformance.scripts.checking import Ran, run
from convformance.scripts.writing import script_of

__all__ = ["Ran", "run", "script_of"]
