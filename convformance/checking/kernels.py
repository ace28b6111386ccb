"""Functions with a kernel built in: the cases that have it, and the function as one that is given it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, wraps
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.test_cases.case import Case

PARAMETER = "kernel"  # by which the function seems to be given what it has built in


@dataclass(frozen=True)
class KernelCase(Case):
    """A case in which every fill has the same filter: ``weights`` are its numbers in canonical order."""

    weights: tuple[float, ...] = ()

    @cached_property
    def fixed_filter(self) -> Array:
        """The filter, canonical, in float64."""
        return np.array(self.weights).reshape(self.problem.filter_shape)


class FixedKernel:
    """A function of an image, called as one of an image and of the canonical ``kernel`` that it has built in."""

    def __init__(self, function: Callable[..., Any], kernel: Array, remarks: tuple[str, ...] = ()) -> None:
        wraps(function, updated=())(self)
        self.function, self.kernel, self.remarks = function, kernel, remarks
        own = inspect.signature(function)
        taken = inspect.Parameter(PARAMETER, inspect.Parameter.KEYWORD_ONLY)
        named = [each for each in own.parameters.values() if each.kind != inspect.Parameter.VAR_KEYWORD]
        self.__signature__ = own.replace(parameters=[*named, taken])

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """Call the function without the kernel."""
        return self.function(*arrays, **{name: value for name, value in named.items() if name != PARAMETER})


def kernel_of(function: Callable[..., Any]) -> Array | None:
    """Return the canonical kernel that a function has built in, or None."""
    return function.kernel if isinstance(function, FixedKernel) else None


def with_fixed_kernel(case: Case, function: Callable[..., Any]) -> Case:
    """Return the case with the kernel that the function has built in, if it has; ValueError where it does not fit."""
    kernel = kernel_of(function)
    if kernel is None:
        return case
    if kernel.shape != case.problem.filter_shape:
        raise ValueError(f"a kernel of shape {kernel.shape}; allowed: {case.problem.filter_shape}")
    # A NaN cannot be put into the kernel, and where a tap is 0 it need not be multiplied by one in the image.
    own = {field.name: getattr(case, field.name) for field in fields(Case)} | {"special": "", "range": ""}
    return KernelCase(**own, weights=tuple(kernel.ravel().tolist()))


def remarks_on(function: Callable[..., Any]) -> list[str]:
    """Return what is worth saying of a kernel that was found out."""
    return list(function.remarks) if isinstance(function, FixedKernel) else []
