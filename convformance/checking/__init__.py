"""Checking a bare function: is this convolution right?"""

from convformance.checking.checker import check
from convformance.checking.forms import one
from convformance.checking.result import CheckResult

__all__ = ["CheckResult", "check", "one"]
