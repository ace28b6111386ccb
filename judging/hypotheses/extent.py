"""Mistakes at the ends of arrays: results shifted, rows left out, the remainder of a stride forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from convformance.judging.axes import axis_names
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, with_geometry
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size, effective_kernel


def shifted(asked: Computation) -> Iterator[Prediction]:
    """The values are right but lie some places further.

    Check which end the padding, or the crop of a transposed result, is counted from.
    """
    if asked.gives == "bias" or 0 in asked.problem.result_shape(asked.operation):
        return
    near = range(-2, 3) if asked.rank <= 2 else range(-1, 2)
    vectors = [vector for vector in product(near, repeat=asked.rank) if any(vector)]
    vectors.sort(key=lambda vector: sum(map(abs, vector)))
    # What a result that begins with its output padding, in place of ending so, is shifted by.
    vectors.append(asked.problem.output_padding)
    reach = max(2, *map(abs, asked.problem.output_padding))
    for vector, (filling, wide) in product(vectors, _wider(asked, reach).items()):
        yield f"by ({', '.join(map(str, vector))}){filling}", wide.changed(partial(_window, reach, vector))


def _wider(asked: Computation, reach: int) -> dict[str, Computation]:
    """Return the computation with ``reach`` elements more on every side of its result, by what comes in there."""
    wider = {}
    computed = _with_margin(asked, reach)
    if computed is not None:
        wider[""] = computed
    for filling, mode in ((", zeros coming in", "constant"), (", the other end coming in", "wrap")):
        wider[filling] = asked.changed(partial(_margin, reach, mode))
    return wider


def _margin(reach: int, mode: str, array: Array) -> Array:
    width = [(0, 0), (0, 0), *[(reach, reach)] * (array.ndim - 2)]
    widened: Array = np.pad(array, width, mode)  # type: ignore[call-overload]
    return widened


def _window(reach: int, vector: Size, wide: Array) -> Array:
    axes = zip(vector, wide.shape[2:], strict=True)
    inside: tuple[Any, ...] = (..., *(slice(reach - by, size - reach - by) for by, size in axes))
    window: Array = wide[inside]
    return window


def _with_margin(asked: Computation, reach: int) -> Computation | None:
    """Return the computation of a result that begins ``reach`` elements earlier and ends as many later."""
    problem = asked.problem
    step: Size = {"output": problem.stride, "input": (-1,) * asked.rank, "filter": problem.dilation}[asked.gives]
    more = {name: 2 * reach if asked.gives == name else 0 for name in ("input", "output", "filter")}
    inputs = tuple(size + more["input"] for size in problem.input_size)
    kernel = tuple(size + more["filter"] for size in problem.kernel_size)
    outputs = tuple(size + more["output"] for size in problem.output_size)
    los = tuple(lo + reach * by for (lo, _), by in zip(problem.padding, step, strict=True))
    axes = zip(inputs, outputs, effective_kernel(kernel, problem.dilation), problem.stride, los, strict=True)
    pairs = tuple((lo, (o - 1) * s + e - lo - i) for i, o, e, s, lo in axes)
    try:
        wide = replace(problem, input_size=inputs, kernel_size=kernel, padding=pairs, symbol=None)
    except ValueError:  # more would be cropped than there is
        return None
    return replace(asked, problem=wide)


def last_rows_missing(asked: Computation) -> Iterator[Prediction]:
    """The last rows or columns are not computed, or not read.

    Let the loops run to the end, the part beyond whole tiles included.
    """
    for axis, letter in enumerate(axis_names(asked.rank), 2):
        for name in _activations(asked):
            yield f"of axis {letter} of the {name}, not read", asked.mapped(name, partial(_end_zeroed, axis, 1))
        if asked.gives == "bias":
            continue
        yield f"of axis {letter} of the result, zeros", asked.changed(partial(_end_zeroed, axis, 1))
        if asked.answer.shape != asked.problem.result_shape(asked.operation):
            yield f"of axis {letter} of the result, left out", asked.changed(partial(_end_cut, axis, 1))
    if asked.gives != "bias":
        yield from _on_every_axis(asked)


def _activations(asked: Computation) -> list[str]:
    return [name for name in asked.reads if name != "filter"]


def _on_every_axis(asked: Computation) -> Iterator[Prediction]:
    for name in (*_activations(asked), asked.gives):
        zeroed = asked
        for axis in range(2, asked.rank + 2):
            zeroed = zeroed.mapped(name, partial(_end_zeroed, axis, 1))
        yield f"of every axis of the {'result' if name == asked.gives else name}", zeroed
    if asked.answer.shape != asked.problem.result_shape(asked.operation):
        inside: tuple[Any, ...] = (..., *(slice(-1),) * asked.rank)
        yield "of every axis of the result, left out", asked.changed(lambda value: value[inside])


def _end_zeroed(axis: int, count: int, array: Array) -> Array:
    zeroed = array.copy()
    zeroed[(slice(None),) * axis + (slice(-count, None),)] = 0
    return zeroed


def _end_cut(axis: int, count: int, array: Array) -> Array:
    return array[(slice(None),) * axis + (slice(None, -count),)]


def first_rows_missing(asked: Computation) -> Iterator[Prediction]:
    """The first row or column is not computed, or not read.

    Let the loops begin at 0.
    """
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
    """The rows that output padding adds to a transposed result are zeros, although the kernel reaches some of them.

    Let every product go to position * stride + tap * dilation - lo as long as that lies in the result; output padding
    says only how much of it is kept.
    """
    extra = asked.problem.output_padding
    if asked.gives == "input" and min(extra) >= 0 and any(extra):
        yield "", asked.changed(partial(_ends_zeroed, extra))


def _ends_zeroed(counts: Size, array: Array) -> Array:
    for axis, count in enumerate(counts, 2):
        array = _end_zeroed(axis, count, array) if count else array
    return array


def remainder_ignored(asked: Computation) -> Iterator[Prediction]:
    """The rows that the stride leaves over are forgotten: the result has another size, or lies at the wrong end.

    Take the size from the array that the gradient belongs to: (output - 1) * stride + extent - padding may be
    stride - 1 short.
    """
    problem = asked.problem
    extra = problem.output_padding
    if min(extra) < 0 or not any(extra):
        return
    if asked.gives == "input":
        sizes = tuple(size - more for size, more in zip(problem.input_size, extra, strict=True))
        yield "", replace(asked, problem=replace(problem, input_size=sizes, symbol=None))
    elif asked.gives == "filter":
        axes = zip(problem.kernel_size, extra, problem.dilation, strict=True)
        yield from with_geometry(asked, kernel_size=tuple(k + more // d for k, more, d in axes))
    elif asked.gives == "output":
        yield from _size_rounded_up(asked)


def _size_rounded_up(asked: Computation) -> Iterator[Prediction]:
    """Yield the number of outputs rounded up: the last ones read beyond the padding."""
    problem = asked.problem
    missing = [more and s - more for more, s in zip(problem.output_padding, problem.stride, strict=True)]
    pairs: Any = tuple((lo, hi + more) for (lo, hi), more in zip(problem.padding, missing, strict=True))
    yield from with_geometry(asked, "the number of outputs rounded up", padding=pairs)


_REMAINDER = "remainder > 0"

HYPOTHESES = (
    Hypothesis.of("output-padding-zero-filled", output_padding_zero_filled, _REMAINDER, "the result is the large side"),
    Hypothesis.of("shifted", shifted),
    Hypothesis.of("remainder-ignored", remainder_ignored, _REMAINDER),
    Hypothesis.of("last-rows-missing", last_rows_missing),
    Hypothesis.of("first-rows-missing", first_rows_missing),
)
