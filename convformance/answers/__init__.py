"""One answer that somebody has: is its difference from the convolution rounding, and if not, what is it?"""

from convformance.answers.assertion import assert_close, bound
from convformance.answers.explaining import explain
from convformance.answers.explanation import Explanation

__all__ = ["Explanation", "assert_close", "bound", "explain"]
