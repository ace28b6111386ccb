"""A finding as a short script that a person would send to a tracker, and the check that it still diverges."""

from convformance.scripts.batch import Batch
from convformance.scripts.checking import Ran, run
from convformance.scripts.raw import fault, raw_program, raw_script
from convformance.scripts.writing import script_of

__all__ = ["Batch", "Ran", "fault", "raw_program", "raw_script", "run", "script_of"]
