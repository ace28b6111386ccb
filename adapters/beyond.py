"""What routes share that offer more than an ordinary convolution: their domains, and numbers for what follows it."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from convformance.adapters.contract import Domain, Request
from convformance.reference.arrays import Array
from convformance.reference.following import normalises, statistics

FOLLOWED = Domain("something after the convolution", lambda request: bool(request.problem.then))
NORMALISED = Domain("a batch normalisation after it", lambda request: normalises(request.problem.then))

# A gradient through a border is rounded where the data was padded, and what falls on the border is added after that.
OWN = {"float16": "float16", "bfloat16": "bfloat16"}


def repeated(borders: Iterable[str]) -> Domain:
    """Return the domain of problems that have one of these ``borders``, and no negative padding."""
    names = tuple(borders)

    def holds(request: Request) -> bool:
        pairs = request.problem.padding
        return request.problem.border in names and all(min(pair) >= 0 for pair in pairs)

    return Domain(f"a border of {', '.join(names)}", holds)


def is_even(request: Request) -> bool:
    """Whether both ends of each axis are padded alike."""
    return all(lo == hi for lo, hi in request.problem.padding)


def numbers(channels: int, dtype: Any, native: Callable[[Array], Any]) -> tuple[Any, Any, Any, Any]:
    """Return mean, variance, shift and scale of a batch normalisation as the framework's arrays."""
    each = statistics(channels)
    mean, variance, shift, scale = (
        native(np.asarray(array, dtype)) for array in (each.mean, each.variance, each.shift, each.scale)
    )
    return mean, variance, shift, scale
