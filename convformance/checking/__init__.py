"""Checking a bare function: is this convolution right?"""

from convformance.checking.forms import single_value
from convformance.checking.result import CheckResult
from convformance.checking.run import check

__all__ = ["CheckResult", "check", "one", "single_value"]

one = single_value  # its first name, which calls written with it still use
