"""Checking a bare function: is this convolution right?"""

from convformance.checking.checker import check
from convformance.checking.forms import single_value
from convformance.checking.result import CheckResult

__all__ = ["CheckResult", "check", "one", "single_value"]

one = single_value  # its first name, which tests written with it still use
