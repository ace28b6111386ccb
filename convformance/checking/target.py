"""The function under test: canonical arrays in, a canonical array out, and what it did on the way.

What it returns may be an array of any library that converts itself, a number, or lists of numbers.
"""

import contextlib
import io
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from convformance.adapters.changes import put_back
from convformance.adapters.contract import Answer
from convformance.adapters.layouts import result_role
from convformance.checking import arrays as libraries
from convformance.checking import sharing
from convformance.checking.caller import Call, Capabilities, layout_role, shapes_by_role
from convformance.checking.origin import Origin, origin_of
from convformance.checking.signature import output_of
from convformance.checking.spec import CheckSpec
from convformance.judging.bounds import Operands
from convformance.judging.formats import format_of
from convformance.processes.limits import time_limit
from convformance.processes.loading import error_text
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem

_UNLIKELY = 17  # distance from the usual NaN, or from the largest number
CALL_SHARE = 10.0  # how many times the budget a single call may take


class Raised(Exception):
    """The function raised, or returned no array; ``refusal`` says that it was NotImplementedError."""

    def __init__(self, message: str, *, refusal: bool = False, origin: Origin | None = None) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.origin = origin or Origin("", message)


class NeverWrites(Raised):
    """The function returned nothing, and left the array that it was given for its result as it was."""


_Result = tuple[str, Array, tuple[int, ...] | None]  # of an operation, with its shape in the function's own layout


@dataclass(frozen=True)
class _Answered:
    """An answer that a call for another operation gave, with what goes with it."""

    answer: Answer
    own_shape: tuple[int, ...] | None
    printed: str


@dataclass
class FunctionUnderTest:
    """One function that is asked.

    Keeps the first thing it printed since ``printed`` was last emptied, the shape of its last answer, and remarks.
    ``answers``: it answered some trial; ``only_dtype`` is what it was asked in because it takes nothing else.
    """

    spec: CheckSpec
    capabilities: Capabilities
    printed: str = ""
    own_shape: tuple[int, ...] | None = None
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was read of the function rather than stated
    layout_note: str = ""
    tried: list[tuple[str, str]] = field(default_factory=list)  # ways to call it that failed, each with the error
    answers: bool = True
    only_dtype: str = ""
    _answered: dict[Any, "_Answered"] = field(default_factory=dict)  # what a call for another operation answered

    @property
    def call_seconds(self) -> float:
        """The seconds a call may take."""
        return CALL_SHARE * self.spec.seconds

    def answer(self, operation: str, problem: Problem, operands: Operands) -> Answer:
        """Return the answer in canonical layout; operands that were changed are named and put back.

        Raises Raised for any exception of the function, ``CallTimeout`` where it does not come back.
        """
        arrays = self.own_arrays(operation, problem, operands)
        before = [array.tobytes() for array in arrays.values()]
        key = frozenset(zip(arrays, before, strict=True)) if sharing.beside(operands) else None
        if (operation, problem, key) in self._answered:
            return self._answer_of_other_call(operation, problem, key)
        outputs = self._outputs(problem, operands.arrays[0].dtype)
        kind = self.capabilities.arrays
        handed = arrays if kind is libraries.NUMPY else {name: kind.own(array) for name, array in arrays.items()}
        if kind is not libraries.NUMPY:
            outputs = {name: kind.own(array) for name, array in outputs.items()}
        call = self.capabilities.call(operation, problem, {**handed, **outputs})
        started = time.perf_counter()
        value = self._returned(call)
        seconds = time.perf_counter() - started
        others = list(self._results_of_others(operation, value, outputs)) if key else []
        result = self._canonical(operation, self._written_or_returned(operation, value, outputs))
        changed = put_back(arrays.values(), before) if handed is arrays else kind.changed(handed.values(), before)
        self._remember(others, problem, key, seconds, {list(arrays)[index] for index in changed})
        known = len(operands.arrays) + (operands.bias is not None)  # to the judge; others come after them
        if any(index >= known for index in changed):
            self.remark("changes an array that it is given beside the operands")
        return Answer(result, seconds, tuple(index for index in changed if index < known))

    def _answer_of_other_call(self, operation: str, problem: Problem, key: Any) -> Answer:
        """Return what the call for another operation has answered, once: who asks again gets a call."""
        answered = self._answered.pop((operation, problem, key))
        self.own_shape, self.printed = answered.own_shape, self.printed or answered.printed
        return answered.answer

    def _results_of_others(self, operation: str, value: Any, outputs: Mapping[str, Array]) -> Iterator[_Result]:
        """Yield the results that a call has beside that of ``operation``, but for those that raise."""
        for each in self.capabilities.operations:
            if each != operation:
                with contextlib.suppress(Raised):
                    result = self._canonical(each, self._written_or_returned(each, value, outputs))
                    yield each, result, self.own_shape

    def _remember(
        self, results: Iterable[_Result], problem: Problem, key: Any, seconds: float, changed: set[str]
    ) -> None:
        """Keep the results of other operations for their own questions on the same problem."""
        self._answered = {asked: answered for asked, answered in self._answered.items() if asked[1] == problem}
        for operation, result, own_shape in results:
            names = (*OPERAND_NAMES[operation], "bias")
            answer = Answer(result, seconds, tuple(index for index, name in enumerate(names) if name in changed))
            self._answered[operation, problem, key] = _Answered(answer, own_shape, self.printed)

    def own_arrays(self, operation: str, problem: Problem, operands: Operands) -> dict[str, Array]:
        """Return the arrays by name in the function's layout: operands, bias, and others that it has to be given."""
        arrays = dict(zip(OPERAND_NAMES[operation], operands.arrays, strict=True))
        if operands.bias is not None:
            arrays["bias"] = operands.bias
        shapes, dtype = shapes_by_role(operation, problem), operands.arrays[0].dtype
        arrays |= {
            name: array for name, array in sharing.beside(operands).items() if name in self.capabilities.operands
        }
        arrays |= {name: _any_numbers(shapes[name], dtype) for name in self.capabilities.operands if name not in arrays}
        if self.capabilities.bias == "always" and "bias" not in arrays:
            arrays["bias"] = _any_numbers(problem.bias_shape, dtype)
        return {name: self._in_own_layout(name, array) for name, array in arrays.items()}

    def _outputs(self, problem: Problem, dtype: Any) -> dict[str, Array]:
        """Return the arrays that the function writes its results into, in its own layout, by role."""
        shapes = {role: problem.result_shape(each) for role, each in self.capabilities.outputs.items()}
        roles = {role: result_role(each) for role, each in self.capabilities.outputs.items()}
        layouts = self.capabilities.layouts
        own_shapes = {role: layouts.own_shape(shape, roles[role]) for role, shape in shapes.items()}
        return {role: _to_write_into(shape, dtype, self.capabilities.zeroed) for role, shape in own_shapes.items()}

    def _written_or_returned(self, operation: str, value: Any, outputs: Mapping[str, Array]) -> Any:
        """Return what lies in the array to write into where nothing else is returned.

        Raises Raised where the function has not touched it.
        """
        role = output_of(operation)
        if role not in outputs or value is not None:
            return value
        output, parameter = as_array(outputs[role], self.spec.dtype), self.capabilities.signature.of(role)
        untouched = _to_write_into(output.shape, output.dtype, self.capabilities.zeroed)
        if output.size and not self.capabilities.writes and output.tobytes() == untouched.tobytes():
            name = parameter.name if parameter else role
            raise NeverWrites(f"returns None and never writes into {name}, as where the name is bound anew inside")
        if self.capabilities.zeroed:
            self.remark("adds to what lies in the array it writes into: zeros were given")
        return output

    def remark(self, message: str) -> None:
        """Keep what is no mistake and worth knowing, once."""
        if message not in self.remarks:
            self.remarks.append(message)

    def call_text(self, operation: str, problem: Problem, operands: Operands) -> str:
        """Return the call as it would be written."""
        return self.capabilities.call(operation, problem, self.own_arrays(operation, problem, operands)).text

    def _in_own_layout(self, name: str, canonical: Array) -> Array:
        own = self.capabilities.layouts.own(canonical, layout_role(name))
        # One block of memory, as a caller would have it, unless the case is about an array that is none.
        return np.ascontiguousarray(own).reshape(own.shape) if canonical.flags.c_contiguous else own

    def _returned(self, call: Call) -> Any:
        with quiet() as printed:
            try:
                with time_limit(self.call_seconds), self.capabilities.arrays.at_work(self.spec.dtype):
                    return call.result()
            except (Exception, SystemExit) as error:
                refusal = isinstance(error, NotImplementedError)
                raise Raised(_error_text(error), refusal=refusal, origin=origin_of(error)) from error
            finally:
                self.printed = self.printed or printed.getvalue()

    def _canonical(self, operation: str, value: Any) -> Array:
        array = as_array(self._result_of(operation, value), self.spec.dtype)
        takes_bias = any(leaf.role == "bias" for leaf in self.capabilities.signature.leaves)
        ones = [1] * (array.ndim - 1)
        # A gradient may have the axes of a bias that the function is given; without one it has a single axis.
        if result_role(operation) == "bias" and takes_bias and ones and sorted(array.shape)[:-1] == ones:
            if max(array.shape) > 1:  # of a single channel any axis may be that of the channels
                self.remark(f"returns the gradient of the bias in the shape {_with_channels(array.shape)}")
            array = array.reshape(-1)
        self.own_shape = array.shape
        return np.array(self.capabilities.layouts.canonical(array, result_role(operation)))

    def _result_of(self, operation: str, value: Any) -> Any:
        """Return the result of ``operation`` out of several; without ``returns`` the first, if it alone is an array."""
        names = self.spec.results
        if len(names) > 1 and not isinstance(value, np.ndarray):
            if not isinstance(value, tuple | list) or len(value) != len(names):
                count = f"{len(value)} results" if isinstance(value, tuple | list) else "one result"
                raise Raised(f"returned {count}; returns= names {len(names)}")
            return value[names.index(operation)]
        if isinstance(value, tuple) and len(value) > 1 and hasattr(value[0], "shape") and hasattr(value[0], "dtype"):
            self.remark(f"returns {len(value)} results: the first is judged (returns= can name them)")
            return value[0]
        return value


def _to_write_into(shape: tuple[int, ...], dtype: Any, zeroed: bool) -> Array:
    """Return an array that a function is to write into: zeros, an unlikely whole number, or a NaN of its own bits."""
    if zeroed:
        return np.zeros(shape, dtype)
    if np.dtype(dtype).kind not in "fV":
        return np.full(shape, np.iinfo(dtype).max - _UNLIKELY, dtype)
    bits = np.full(shape, np.nan, dtype).view(f"u{np.dtype(dtype).itemsize}")
    return np.asarray((bits + bits.dtype.type(_UNLIKELY)).view(dtype))


def _with_channels(shape: tuple[int, ...]) -> str:
    """Return a shape with C for the number of channels, the only axis that is not 1."""
    return f"({', '.join('C' if size == max(shape) else str(size) for size in shape)})"


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Keep what is printed, and leave NumPy's floating-point warnings out: NaN and Inf are asked on purpose."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        yield printed


def _error_text(error: BaseException) -> str:
    """Return the exception in a line, with the innermost place in the function."""
    frames = error.__traceback__
    for _ in range(2):  # those of ``_returned`` and ``Call.result``, where a function written in C would seem to fail
        frames = frames and frames.tb_next
    return error_text(error.with_traceback(frames))


def _any_numbers(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return small whole numbers for an array whose shape alone may matter."""
    return (np.arange(prod(shape)) * 5 % 7 - 3).reshape(shape).astype(dtype)


def as_array(value: Any, dtype: str) -> Array:
    """Return ``value`` as an array of its own dtype; Python's numbers, which have none, take ``dtype``.

    Raises Raised for anything that holds no numbers.
    """
    try:
        array = np.asarray(libraries.on_host(value))
    except ValueError as error:
        raise Raised(f"returned {_type_text(value)}, which is no array: its rows differ in length") from error
    bfloat16 = array.dtype == format_of("bfloat16").dtype  # which NumPy itself counts among those without numbers
    if array.dtype == object or (array.dtype.kind in "USmMV" and not bfloat16):
        raise Raised(f"returned {_type_text(value)}, which is no array of numbers")
    without_dtype = isinstance(value, list | tuple | int | float) and not hasattr(libraries.innermost(value), "dtype")
    return array.astype(format_of(dtype).dtype) if without_dtype else array


def _type_text(value: Any) -> str:
    if value is None:
        return "None"
    count = f" of {len(value)}" if isinstance(value, tuple | list) else ""
    return f"a {type(value).__name__}{count}"
