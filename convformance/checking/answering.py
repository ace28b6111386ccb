"""Asking a function: canonical arrays in, a canonical array out, and what it did on the way."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from convformance.adapters.contract import Answer, put_back
from convformance.adapters.layouts import result_role
from convformance.checking.calling import Caller, arrays_of, kind_of
from convformance.checking.patience import alone, at_most
from convformance.checking.results import NoArray, as_array
from convformance.judging.bounds import Operands
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem


class Raised(Exception):
    """The function raised; the message holds the type and the words, ``refusal`` says that it was NotImplementedError."""

    def __init__(self, words: str, *, refusal: bool = False) -> None:
        super().__init__(words)
        self.refusal = refusal


@dataclass
class Asker:
    """Asks one function; ``patience`` are the seconds a call may take. Keeps what it printed and the last answer's own shape."""

    caller: Caller
    returns: Sequence[str | None]
    dtype: str
    patience: float
    printed: str = ""
    own_shape: tuple[int, ...] | None = None
    remarks: dict[str, None] = field(default_factory=dict)

    def answer(self, operation: str, problem: Problem, operands: Operands) -> Answer:
        """Return the answer in canonical layout; operands that were changed are named and put back.

        Raises Raised for any exception of the function, ``TooLong`` where it does not come back.
        """
        given = self.own(operation, problem, operands)
        before = [array.tobytes() for array in given.values()]
        started = time.perf_counter()
        value = self._called(operation, problem, given)
        seconds = time.perf_counter() - started
        result = self._result(operation, problem, value)
        changed = put_back(given.values(), before)
        judged = len(operands.arrays) + (operands.bias is not None)
        if any(place >= judged for place in changed):
            self.remarks["changes an array that it is given beside the operands"] = None
        return Answer(result, seconds, tuple(place for place in changed if place < judged))

    def own(self, operation: str, problem: Problem, operands: Operands) -> dict[str, Array]:
        """Return the arrays by name in the function's layout: the operands, the bias, then arrays whose values must not matter."""
        named = dict(zip(OPERAND_NAMES[operation], operands.arrays, strict=True))
        if operands.bias is not None:
            named["bias"] = operands.bias
        shapes = arrays_of(operation, problem)
        dtype = operands.arrays[0].dtype
        named |= {name: _beside(shapes[name]).astype(dtype) for name in self.caller.operands if name not in named}
        if self.caller.bias == "always" and "bias" not in named:
            named["bias"] = _beside(problem.bias_shape).astype(dtype)
        return {name: _laid(array, self.caller.layouts.own(array, kind_of(name))) for name, array in named.items()}

    def _called(self, operation: str, problem: Problem, given: Mapping[str, Array]) -> Any:
        with alone() as printed:
            try:
                with at_most(self.patience):
                    value = self.caller.call(operation, problem, given)
            except NotImplementedError as error:
                raise Raised(_words(error), refusal=True) from error
            except (Exception, SystemExit) as error:
                raise Raised(_words(error)) from error
            finally:
                self.printed = self.printed or printed.getvalue()
        return value

    def _result(self, operation: str, problem: Problem, value: Any) -> Array:
        role = result_role(operation)
        try:
            array = as_array(self._picked(operation, value), self.dtype)
        except NoArray as error:
            raise Raised(str(error)) from error
        self.own_shape = array.shape
        return np.array(self.caller.layouts.canonical(array, role))

    def _picked(self, operation: str, value: Any) -> Any:
        """Return the result of ``operation`` out of several; without ``returns`` the first, if it alone is an array."""
        if len(self.returns) > 1:
            if not isinstance(value, tuple | list) or len(value) != len(self.returns):
                count = f"{len(value)} results" if isinstance(value, tuple | list) else "one result"
                raise NoArray(f"returned {count}; returns= names {len(self.returns)}")
            return value[self.returns.index(operation)]
        if isinstance(value, tuple) and len(value) > 1 and hasattr(value[0], "shape") and hasattr(value[0], "dtype"):
            self.remarks[f"returns {len(value)} results: the first is judged (returns= can name them)"] = None
            return value[0]
        return value


def _beside(shape: tuple[int, ...]) -> Array:
    """Return small whole numbers for an array whose shape alone may matter."""
    return (np.arange(prod(shape)) * 5 % 7 - 3).reshape(shape)


def _laid(canonical: Array, own: Array) -> Array:
    """Return ``own`` as one block of memory, unless the canonical array it is a view of is none itself."""
    return np.ascontiguousarray(own).reshape(own.shape) if canonical.flags.c_contiguous else own


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
