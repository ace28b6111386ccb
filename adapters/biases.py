"""A bias that the suite adds, for routes that have none: in the result's own dtype, to what they gave."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from convformance.adapters.domain import WITHOUT_BIAS, Domain
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS

AFTER = "after"
# What follows a convolution follows its bias, so that nothing can be added behind it.
_LAST = Domain("no bias before what follows", lambda request: not (request.has_bias and request.problem.then))


def bias_domain(operation: str, method: Callable[..., Any], bias: str | None) -> Domain:
    """Return which biases a route can be asked to add: its own, one ``after`` it, or none.

    Raises ValueError where ``bias`` is neither None nor ``after``, where the method takes a bias itself, and where the
    operation adds none.
    """
    takes_bias = "bias" in inspect.signature(method).parameters
    if bias is None:
        return Domain("") if takes_bias or operation not in WITH_BIAS else WITHOUT_BIAS
    if bias != AFTER:
        raise ValueError(f"bias={bias!r} is unknown; allowed: {AFTER!r}, or a parameter bias of the method")
    if takes_bias:
        raise ValueError(f"bias={AFTER!r}, but {method.__name__} has a bias of its own; allowed: one of both")
    if operation not in WITH_BIAS:
        raise ValueError(f"bias={AFTER!r} of {operation}; allowed for: {', '.join(WITH_BIAS)}")
    return _LAST


def with_bias(value: Array, bias: Array) -> Array:
    """Return the canonical result plus one number a channel, in its own dtype; what has other channels as it is."""
    if value.ndim < 2 or value.shape[1] != len(bias):
        return value
    with np.errstate(over="ignore", invalid="ignore"):
        added: Array = value + bias.astype(value.dtype).reshape(-1, *(1,) * (value.ndim - 2))
    return added
