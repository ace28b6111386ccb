"""Checking a bare function: is this convolution right?"""

from convformance.checking.forms import even, one, single_value
from convformance.checking.result import CheckResult
from convformance.checking.run import check
from convformance.checking.usage import UncallableError

__all__ = ["CheckResult", "UncallableError", "check", "even", "one", "single_value"]
