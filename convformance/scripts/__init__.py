"""A finding as a short script that a person would send to a tracker, and the check that it still diverges."""

from convformance.scripts.checking import Ran, run, run_here
from convformance.scripts.raw import fault, raw_program, raw_script
from convformance.scripts.writing import script_of

__all__ = ["Ran", "fault", "raw_program", "raw_script", "run", "run_here", "script_of"]
