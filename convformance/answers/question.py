"""What an answer is the answer to: the operands in canonical layout, the problem they make, and its precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from convformance.adapters.layouts import operand_roles, result_role
from convformance.answers.settings import Settings
from convformance.checking import forms
from convformance.checking.layouts import SPATIAL, Layouts
from convformance.checking.target import Raised, as_array
from convformance.judging.bounds import Trial
from convformance.judging.formats import FORMATS, Format, Precision, default_accumulator, format_of, holds_reals
from convformance.reference import geometry
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.operation import BY_NAME, OPERAND_NAMES, WITH_BIAS
from convformance.reference.problem import Problem
from convformance.reference.problem_from_arrays import PerAxis, problem_from_arrays


class Misfit(ValueError):
    """Operands, geometry and answer do not belong to one convolution."""


@dataclass(frozen=True)
class GivenOperands:
    """Operands in canonical layout, and a bias or None."""

    arrays: tuple[Array, ...]
    bias: Array | None


@dataclass(frozen=True)
class Question:
    """One operation on the operands that somebody has."""

    settings: Settings
    layouts: Layouts
    problem: Problem
    operands: GivenOperands
    result: Format
    is_whole: bool = False  # the answer is of an integer type

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self.settings.op

    @property
    def shape(self) -> Size:
        """The shape of a right answer, in canonical layout."""
        return self.problem.result_shape(self.op)

    @cached_property
    def precision(self) -> Precision:
        """The formats that are expected: of inputs where an operand has more digits than the result can have."""
        stated = self.settings.accumulator
        accumulator = format_of(stated) if stated else default_accumulator(self.result.name)
        if self.settings.inputs:
            return Precision(accumulator, self.result, FORMATS[self.settings.inputs])
        return Precision(accumulator, self.result, None if self._are_representable() else self.result)

    def _are_representable(self) -> bool:
        numbers = (array.astype(np.float64) for array in self.operands.arrays)
        return all(np.array_equal(self.result.round(array), array, equal_nan=True) for array in numbers)

    @cached_property
    def trial(self) -> Trial:
        """The truth and the bounds."""
        return Trial(self.op, self.problem, "data", self.operands, self.precision)

    def own_shape(self) -> Size:
        """Return the shape of a right answer in the user's layout."""
        return self.layouts.own_shape(self.shape, result_role(self.op))

    def own(self, result: Array) -> Array:
        """Return an array of the result's shape in the user's layout."""
        return np.ascontiguousarray(self.layouts.own(np.broadcast_to(result, self.shape), result_role(self.op)))

    def in_brief(self) -> str:
        """Return in a line what was judged."""
        problem, precision = self.problem, self.precision
        named = zip(OPERAND_NAMES[self.op], problem.operand_shapes(self.op), operand_roles(self.op), strict=True)
        parts = [self.op, *(f"{name} {self.layouts.own_shape(shape, role)}" for name, shape, role in named)]
        if BY_NAME[self.op].result != "bias":
            padding = problem.symbol or problem.padding
            parts += [f"stride {problem.stride}", f"padding {padding}", f"dilation {problem.dilation}"]
            parts += [f"groups {problem.groups}"] if problem.groups > 1 else []
        parts += ["bias"] if self.operands.bias is not None else []
        parts += [self.layouts.describe((self.op,)), f"{self.result.name}, sums in {precision.accumulator.name}"]
        return ", ".join(parts + ([f"inputs in {precision.inputs.name}"] if precision.inputs else []))


def number_array(name: str, value: Any) -> Array:
    """Return the numbers of any library's array, a list or a number; raises ValueError where there are none."""
    try:
        array = as_array(value, "float64")
    except Raised as error:
        raise ValueError(f"{name} is a {type(value).__name__}; allowed: an array of numbers") from error
    if not (holds_reals(array.dtype) or array.dtype.name.startswith("float8")):
        raise ValueError(f"{name} has dtype {array.dtype.name}; allowed: real numbers")
    return array


def question(settings: Settings, operands: Mapping[str, Any], *, result: Array | None = None) -> Question:
    """Return the question that ``operands`` make.

    The size that they leave open is the one stated, or that of ``result``, an answer in the user's layout. Raises
    ValueError for what is stated wrongly, Misfit where the operands make no problem.
    """
    arrays = _by_name(settings.op, operands)
    layouts = _layouts(settings, arrays, result)
    canonical = [
        _canonical(layouts, name, arrays[name], role)
        for name, role in zip(OPERAND_NAMES[settings.op], operand_roles(settings.op), strict=True)
    ]
    bias = arrays["bias"].reshape(-1) if "bias" in arrays else None
    size = settings.size
    if size is None and result is not None and BY_NAME[settings.op].size_argument:
        size = _canonical(layouts, "the answer", result, result_role(settings.op)).shape[2:]
    problem = _problem(settings, layouts.rank, canonical, bias, size)
    return Question(settings, layouts, problem, GivenOperands(tuple(canonical), bias), _result_format(settings, result))


def with_likely_size(settings: Settings, operands: Mapping[str, Any], result: Array) -> Question:
    """Return the question with a size that the operands allow, where that of ``result`` makes no problem with them.

    An input has the smallest size, a filter the largest. Raises Misfit where there is none.
    """
    if settings.size is not None or not BY_NAME[settings.op].size_argument:
        raise Misfit("the operands leave no size open")
    if BY_NAME[settings.op].result == "input":
        return question(settings, operands)
    arrays = _by_name(settings.op, operands)
    layouts = _layouts(settings, arrays, result)
    named = zip(BY_NAME[settings.op].arrays, BY_NAME[settings.op].operands, strict=True)
    sizes = {array: layouts.canonical(arrays[name], "activation").shape[2:] for array, name in named}
    return question(replace(settings, size=_largest_kernel(settings, layouts.rank, **sizes)), operands, result=result)


def _largest_kernel(settings: Settings, rank: int, *, input: Size, output: Size) -> Size:  # noqa: A002
    """Return the size of the largest kernel that takes an input to an output; raises Misfit where there is none."""
    stride, dilation = (geometry.per_axis(name, getattr(settings, name), rank) for name in ("stride", "dilation"))
    padding = forms.canonical_padding(settings.padding, rank)
    if isinstance(padding, str) and padding != "valid":
        raise Misfit(f"padding {padding} leaves the kernel open")
    pairs = ((0, 0),) * rank if isinstance(padding, str) else padding
    axes = zip(input, output, stride, dilation, pairs, strict=True)
    sizes = tuple((i + lo + hi - (o - 1) * s - 1) // d + 1 for i, o, s, d, (lo, hi) in axes)
    if min(sizes) < 1:
        raise Misfit("no kernel takes the one to the other")
    return sizes


def with_result_of(asked: Question, result: Array) -> Question:
    """Return the question with the format that ``result`` has; of integers float64 holds every sum."""
    return replace(asked, result=_result_format(asked.settings, result), is_whole=result.dtype.kind in "iu")


def _result_format(settings: Settings, result: Array | None) -> Format:
    if settings.dtype:
        return format_of(settings.dtype)
    integers = result is None or result.dtype.kind in "iu"
    return format_of("float64" if integers or result is None else result.dtype.name)


def _by_name(op: str, operands: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays that the operation reads, and the bias; raises ValueError for too few or too many."""
    stated = {name: value for name, value in operands.items() if value is not None}
    needed, allowed = OPERAND_NAMES[op], (*OPERAND_NAMES[op], *(("bias",) if op in WITH_BIAS else ()))
    if not set(needed) <= set(stated) <= set(allowed):
        raise ValueError(f"op={op!r} reads {', '.join(allowed)}; given: {', '.join(stated) or 'nothing'}")
    return {name: number_array(name, value) for name, value in stated.items()}


def _layouts(settings: Settings, arrays: Mapping[str, Array], result: Array | None) -> Layouts:
    """Return the layouts as stated, or as the numbers of axes suggest: NCHW and OIHW, N or N and C left out."""
    if settings.layout:
        return Layouts.of(settings.layout, settings.filter_layout)
    named = dict(zip(OPERAND_NAMES[settings.op], operand_roles(settings.op), strict=True))
    axes = {role: arrays[name].ndim for name, role in named.items()}
    if result is not None:
        axes.setdefault(result_role(settings.op), result.ndim)
    activation, kernel = axes["activation"], axes.get("filter", axes["activation"])
    rank = kernel - 2 if kernel > 2 else kernel
    spatial, leading = SPATIAL[len(SPATIAL) - rank :] if 0 < rank <= len(SPATIAL) else "HW", activation - rank
    letters = "NC" if leading > 1 else "C" if leading == 1 and kernel > 2 else ""
    return Layouts.of(letters + spatial, settings.filter_layout)


def _canonical(layouts: Layouts, name: str, array: Array, role: str) -> Array:
    canonical = layouts.canonical(array, role)
    axes = 1 if role == "bias" else layouts.rank + 2
    if canonical.ndim != axes:
        letters = layouts.filters if role == "filter" else layouts.activations
        raise Misfit(f"{name} has shape {array.shape}; allowed: {len(letters)} axes, {letters}")
    return canonical


def _problem(
    settings: Settings, rank: int, arrays: Sequence[Array], bias: Array | None, size: PerAxis | None
) -> Problem:
    """Return the problem; raises Misfit where the shapes make none, ValueError where the geometry cannot be read."""
    stride, dilation = (geometry.per_axis(name, getattr(settings, name), rank) for name in ("stride", "dilation"))
    stated: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": settings.groups}
    if isinstance(settings.padding, str) or settings.padding != 0:
        stated["padding"] = forms.canonical_padding(settings.padding, rank)
    try:
        problem = problem_from_arrays(settings.op, *arrays, size=size, **stated)
        for name, array, shape in zip(
            OPERAND_NAMES[settings.op], arrays, problem.operand_shapes(settings.op), strict=True
        ):
            if array.shape != shape:
                raise Misfit(f"{name} has shape {array.shape}; allowed: {shape}, from the other operands")
    except ValueError as error:
        raise Misfit(str(error)) from error
    if bias is not None and bias.shape != problem.operation_bias_shape(settings.op):
        raise Misfit(f"bias has shape {bias.shape}; allowed: {problem.operation_bias_shape(settings.op)}")
    return problem
