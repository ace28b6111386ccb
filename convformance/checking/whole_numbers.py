"""Integer images under a check in float64: cases of whole numbers, and the function with its own types inside."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any

import numpy as np

from convformance.checking.signature import role_of
from convformance.test_cases.case import Case


@dataclass(frozen=True)
class IntegerCase(Case):
    """A case whose numbers are whole and so small that their sums lie within ``limits``."""

    limits: tuple[int, int] = (0, 0)

    @property
    def sum_limits(self) -> tuple[int, int] | None:
        """The least and the largest sum."""
        return self.limits


@dataclass
class OfIntegers:
    """A function of integer images as one of float64; it keeps the dtype of its last answer."""

    function: Callable[..., Any]
    dtype: str
    kernel_dtype: str
    returned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        wraps(self.function, updated=())(self)
        self.__signature__ = inspect.signature(self.function)

    @property
    def limits(self) -> Any:
        """The least and the largest number of the images' type."""
        return np.iinfo(self.dtype)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Call the function with image and kernel in their own types; what it changes is changed here too."""
        bound = self.__signature__.bind(*positional, **named)
        arrays = {name: value for name, value in bound.arguments.items() if isinstance(value, np.ndarray)}
        kernels = [name for name in arrays if role_of(name) in ("w", "bias")] or list(arrays)[1:]
        own = {
            name: array.astype(self.kernel_dtype if name in kernels else self.dtype) for name, array in arrays.items()
        }
        before = {name: array.copy() for name, array in own.items()}
        bound.arguments.update(own)
        answer = np.asarray(self.function(*bound.args, **bound.kwargs))
        for name, array in own.items():
            if not np.array_equal(array, before[name]):
                arrays[name][...] = array
        self.returned.add(answer.dtype.name)
        return answer.astype(np.float64) if answer.dtype.kind in "iuf" else answer


def with_whole_numbers(case: Case, function: Callable[..., Any]) -> Case:
    """Return the case with sums that the type of the function's images holds."""
    if not isinstance(function, OfIntegers):
        return case
    own = {each.name: getattr(case, each.name) for each in fields(Case)} | {"special": "", "range": ""}
    return IntegerCase(**own, limits=(int(function.limits.min), int(function.limits.max)))
