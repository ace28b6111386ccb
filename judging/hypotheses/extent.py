"""Mistakes at the ends of arrays: results shifted, rows left out, the remainder of a stride forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import (
    Array,
    Computation,
    Hypothesis,
    Prediction,
    axis_names,
    reposed,
)
from convformance.reference.geometry import Size, effective_kernel


def shifted(asked: Computation) -> Iterator[Prediction]:
    """The result lies some places further: the values that come in are computed, zero, or those of the other end."""
    if asked.gives == "bias" or 0 in asked.problem.result_shape(asked.operation):
        return
    near = range(-2, 3) if asked.rank <= 2 else range(-1, 2)
    vectors = sorted(
        (vector for vector in product(near, repeat=asked.rank) if any(vector)), key=lambda vector: sum(map(abs, vector))
    )
    vectors.append(
        asked.problem.output_padding
    )  # what a result that begins with it in place of ending so is shifted by
    reach = max(2, *map(abs, asked.problem.output_padding))
    for vector, (words, wide) in product(vectors, _wider(asked, reach).items()):
        yield (
            f"by ({', '.join(map(str, vector))}){words}",
            replace(wide, changes=(*wide.changes, partial(_window, reach, vector))),
        )


def _wider(asked: Computation, reach: int) -> dict[str, Computation]:
    """Return the computation with ``reach`` elements more on every side of its result."""
    wider = {}
    computed = _with_margin(asked, reach)
    if computed is not None:
        wider[""] = computed
    for words, mode in ((", zeros coming in", "constant"), (", the other end coming in", "wrap")):
        wider[words] = asked.mapped(asked.gives, partial(_margin, reach, mode))
    return wider


def _margin(reach: int, mode: str, array: Array) -> Array:
    width = [(0, 0), (0, 0), *[(reach, reach)] * (array.ndim - 2)]
    widened: Array = np.pad(array, width, mode)  # type: ignore[call-overload]
    return widened


def _window(reach: int, vector: Size, wide: Array) -> Array:
    places = zip(vector, wide.shape[2:], strict=True)
    inside: tuple[Any, ...] = (..., *(slice(reach - by, size - reach - by) for by, size in places))
    window: Array = wide[inside]
    return window


def _with_margin(asked: Computation, reach: int) -> Computation | None:
    """Return the computation of a result that begins ``reach`` elements before the one asked for and ends as many after."""
    problem = asked.problem
    step: Size = {"output": problem.stride, "input": (-1,) * asked.rank, "filter": problem.dilation}[asked.gives]
    grown = {name: 2 * reach if asked.gives == name else 0 for name in ("input", "output", "filter")}
    inputs = tuple(size + grown["input"] for size in problem.input_size)
    kernel = tuple(size + grown["filter"] for size in problem.kernel_size)
    outputs = tuple(size + grown["output"] for size in problem.output_size)
    los = tuple(lo + reach * by for (lo, _), by in zip(problem.padding, step, strict=True))
    axes = zip(inputs, outputs, effective_kernel(kernel, problem.dilation), problem.stride, los, strict=True)
    pairs = tuple((lo, (o - 1) * s + e - lo - i) for i, o, e, s, lo in axes)
    try:
        return replace(
            asked, problem=replace(problem, input_size=inputs, kernel_size=kernel, padding=pairs, symbol=None)
        )
    except ValueError:  # more would be cropped than there is
        return None


def last_rows_missing(asked: Computation) -> Iterator[Prediction]:
    """The last row of the result, or of an operand, is not computed or not read."""
    for axis, letter in enumerate(axis_names(asked.rank), 2):
        for name in asked.reads:
            if name != "filter":
                yield f"of axis {letter} of the {name}, not read", asked.mapped(name, partial(_end_zeroed, axis, 1))
        if asked.gives == "bias":
            continue
        yield f"of axis {letter} of the result, zeros", asked.mapped(asked.gives, partial(_end_zeroed, axis, 1))
        if asked.answer.shape != asked.problem.result_shape(asked.operation):
            yield f"of axis {letter} of the result, left out", asked.mapped(asked.gives, partial(_end_cut, axis, 1))
    if asked.gives != "bias":
        yield from _on_every_axis(asked)


def _on_every_axis(asked: Computation) -> Iterator[Prediction]:
    axes = range(2, asked.rank + 2)
    for name in (*(name for name in asked.reads if name != "filter"), asked.gives):
        made = asked
        for axis in axes:
            made = made.mapped(name, partial(_end_zeroed, axis, 1))
        yield f"of every axis of the {'result' if name == asked.gives else name}", made


def _end_zeroed(axis: int, count: int, array: Array) -> Array:
    kept = array.copy()
    kept[(slice(None),) * axis + (slice(-count, None),)] = 0
    return kept


def _end_cut(axis: int, count: int, array: Array) -> Array:
    return array[(slice(None),) * axis + (slice(None, -count),)]


def first_rows_missing(asked: Computation) -> Iterator[Prediction]:
    """The first row of the result is zero, or that of an operand is not read."""
    if asked.gives == "bias":
        return
    for (axis, letter), name in product(enumerate(axis_names(asked.rank), 2), (asked.gives, *asked.reads)):
        if name != "filter" or asked.gives == "filter":
            flip: Callable[[Array], Array] = partial(np.flip, axis=axis)
            zeroed: Callable[[Array], Array] = partial(_first_zeroed, flip, axis)
            yield f"of axis {letter} of the {'result' if name == asked.gives else name}", asked.mapped(name, zeroed)


def _first_zeroed(flip: Callable[[Array], Array], axis: int, array: Array) -> Array:
    return flip(_end_zeroed(axis, 1, flip(array)))


def output_padding_zero_filled(asked: Computation) -> Iterator[Prediction]:
    """The smallest result is computed, and the rows that output padding adds are zeros."""
    extra = asked.problem.output_padding
    if asked.gives == "input" and min(extra) >= 0 and any(extra):
        yield "", asked.mapped("input", partial(_ends_zeroed, extra))


def _ends_zeroed(counts: Size, array: Array) -> Array:
    for axis, count in enumerate(counts, 2):
        array = _end_zeroed(axis, count, array) if count else array
    return array


def remainder_ignored(asked: Computation) -> Iterator[Prediction]:
    """A gradient has the size that it would have if every row of the input had been read."""
    problem = asked.problem
    extra = problem.output_padding
    if min(extra) < 0 or not any(extra):
        return
    if asked.gives == "input":
        sizes = tuple(size - more for size, more in zip(problem.input_size, extra, strict=True))
        yield "", replace(asked, problem=replace(problem, input_size=sizes, symbol=None))
    elif asked.gives == "filter":
        yield from reposed(asked, kernel_size=tuple(k + more // d for k, more, d in _taps(asked, extra)))
    elif asked.gives == "output":
        yield from size_rounded_up(asked)


def _taps(asked: Computation, extra: Size) -> Iterator[tuple[int, int, int]]:
    return zip(asked.problem.kernel_size, extra, asked.problem.dilation, strict=True)


def size_rounded_up(asked: Computation) -> Iterator[Prediction]:
    """The number of outputs is rounded up: the last ones read beyond the padding."""
    problem = asked.problem
    if asked.gives != "output":
        return
    left = [more and s - more for more, s in zip(problem.output_padding, problem.stride, strict=True)]
    pairs: Any = tuple((lo, hi + more) for (lo, hi), more in zip(problem.padding, left, strict=True))
    yield from reposed(asked, "the number of outputs rounded up", padding=pairs)


HYPOTHESES = (
    Hypothesis(
        "output-padding-zero-filled",
        "The rows that output padding adds to a transposed result are zeros, although the kernel reaches some of them.",
        "Let every product go to position * stride + tap * dilation - lo as long as that lies in the result; "
        "output padding says only how much of it is kept.",
        output_padding_zero_filled,
        ("remainder > 0", "the result is the large side"),
    ),
    Hypothesis(
        "shifted",
        "The values are right but lie some places further.",
        "Check which end the padding, or the crop of a transposed result, is counted from.",
        shifted,
    ),
    Hypothesis(
        "remainder-ignored",
        "The rows that the stride leaves over are forgotten: the result has another size, or lies at the wrong end.",
        "Take the size from the array that the gradient belongs to: (output - 1) * stride + extent - padding may be "
        "stride - 1 short.",
        remainder_ignored,
        ("remainder > 0",),
    ),
    Hypothesis(
        "last-rows-missing",
        "The last rows or columns are not computed, or not read.",
        "Let the loops run to the end, the part beyond whole tiles included.",
        last_rows_missing,
    ),
    Hypothesis(
        "first-rows-missing",
        "The first row or column is not computed, or not read.",
        "Let the loops begin at 0.",
        first_rows_missing,
    ),
)
