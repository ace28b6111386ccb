"""The truth, in NumPy alone: a convolution, its gradients, its transpose and its transpose's gradients.

``operations`` is the public face, re-exported here; ``definition`` is the text to read, ``fast`` computes it, ``exact``
is the oracle for float64, ``differences`` differentiates numerically, ``geometry`` and ``problem`` hold the sizes.
"""

from convformance.reference.operation import OPERATIONS
from convformance.reference.operations import (
    conv,
    conv_bias_grad,
    conv_filter_grad,
    conv_input_grad,
    conv_transpose,
    conv_transpose_filter_grad,
    conv_transpose_input_grad,
)
from convformance.reference.problem import Problem

__all__ = [
    "OPERATIONS",
    "Problem",
    "conv",
    "conv_bias_grad",
    "conv_filter_grad",
    "conv_input_grad",
    "conv_transpose",
    "conv_transpose_filter_grad",
    "conv_transpose_input_grad",
]
