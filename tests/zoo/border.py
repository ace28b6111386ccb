"""Places: the border, the last rows, what is left of a tile, one pixel."""

from math import prod

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FORWARD, INPUT_GRADIENT, UNBIASED
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import (
    Change,
    Family,
    answer,
    data,
    issue,
    last_row_zero,
    leftover,
    operand,
    padded,
    planar,
    right,
    strided,
    unread,
    when,
)

_member = Family("border")


def _last_column_zero(y: Array, problem: Problem) -> Array:
    y[..., -1:] = 0
    return y


def _last_row_as_before(y: Array, problem: Problem) -> Array:
    y[:, :, 1:][:, :, -1:] = y[:, :, :-1][:, :, -1:]
    return y


def _beyond_tiles_zero(size: int) -> Change:
    """Columns come in tiles of ``size``; what is left of more than one tile stays 0."""

    def changed(y: Array, problem: Problem) -> Array:
        if y.shape[-1] > size:
            y[..., y.shape[-1] // size * size :] = 0
        return y

    return changed


def _columns_after(count: int) -> Change:
    def changed(y: Array, problem: Problem) -> Array:
        y[..., count:] = 0
        return y

    return changed


def _odd_column_as_before(y: Array, problem: Problem) -> Array:
    """Tiles of two columns, the last of which is started one column too early."""
    columns = y.shape[-1]
    if columns % 2 and columns > 1:
        y[..., -1] = y[..., -2]
    return y


def _positions_after_whole_eights(y: Array, problem: Problem) -> Array:
    """The positions of a plane in blocks of 8; what is left of more than one block stays 0."""
    positions = prod(y.shape[2:])
    flat = y.reshape(*y.shape[:2], positions)
    if positions > 8:
        flat[..., positions // 8 * 8 :] = 0
    return flat.reshape(y.shape)


def _pixel(index: int) -> Change:
    """Return what makes the element at ``index`` of each plane wrong."""

    def changed(y: Array, problem: Problem) -> Array:
        flat = y.reshape(*y.shape[:2], prod(y.shape[2:]))
        if flat.shape[-1] > index % max(1, flat.shape[-1]):
            flat[..., index] += flat.dtype.type(1)
        return flat.reshape(y.shape)

    return changed


def _one_value(y: Array, problem: Problem) -> Array:
    if y.size:
        y.reshape(-1)[y.size // 2] += y.dtype.type(1)
    return y


def _inside(problem: Problem) -> tuple[slice, ...]:
    """The positions at which the kernel meets no padding."""
    axes = zip(problem.input_size, problem.effective_kernel, problem.stride, problem.padding, strict=True)
    return tuple(slice(-(-max(0, lo) // s), max(0, (i - e + lo) // s + 1)) for i, e, s, (lo, _) in axes)


def _border_zero(y: Array, problem: Problem) -> Array:
    kept = np.zeros_like(y)
    kept[tap_loops.spatial(*_inside(problem))] = y[tap_loops.spatial(*_inside(problem))]
    return kept


def _border_unwritten(y: Array, problem: Problem) -> Array:
    kept = leftover(y.shape, y.dtype)
    kept[tap_loops.spatial(*_inside(problem))] = y[tap_loops.spatial(*_inside(problem))]
    return kept


def _first_row_of_border_zero(y: Array, problem: Problem) -> Array:
    if problem.padding[0][0] > 0:
        y[:, :, :1] = 0
    return y


def _renormalised(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Divide each sum by the share of the kernel that lies inside the input."""
    y = right(operation, problem, arrays, bias)
    x, w = arrays
    counts = tap_loops.apply(operation, problem, (np.ones((1, *x.shape[1:]), np.float32), np.ones(w.shape, np.float32)))
    share = counts / max(1, prod(w.shape[1:]))
    divided = np.zeros(y.shape)
    np.divide(y, share, out=divided, where=share > 0)
    return divided.astype(y.dtype)


def _unread_rows_unwritten(dx: Array, problem: Problem) -> Array:
    for axis, more in enumerate(problem.output_padding):
        size = dx.shape[axis + 2]
        beyond = np.moveaxis(dx, axis + 2, 0)[size - min(max(0, more), size) :]
        beyond[...] = leftover(beyond.shape, beyond.dtype)
    return dx


def _strided_places_only(dx: Array, problem: Problem) -> Array:
    """Write only where a kernel of one tap has been."""
    written = leftover(dx.shape, dx.dtype)
    indices = tap_loops.spatial(
        *(slice(-lo % s, None, s) for s, (lo, _) in zip(problem.stride, problem.padding, strict=True))
    )
    written[indices] = dx[indices]
    return written


def _pointwise(problem: Problem) -> bool:
    return prod(problem.kernel_size) == 1 and strided(problem)


def _long_rows(problem: Problem) -> bool:
    return problem.output_size[-1] > 32


def _shifted_by(*vector: int) -> Change:
    """Move the result by ``vector`` on its last axes, zeros coming in."""

    def changed(y: Array, problem: Problem) -> Array:
        moved = (*(0,) * (problem.rank - len(vector)), *vector)[-problem.rank :]
        return tap_loops.surrounded(y, moved, y.shape[2:])

    return changed


def _rolled(y: Array, problem: Problem) -> Array:
    return np.roll(y, 1, axis=-1)


MEMBERS = (
    _member("last-row-missing", "Stops before the last row.", FORWARD, answer(last_row_zero), "last-rows-missing"),
    _member(
        "input-gradient-last-row-missing",
        "Stops before the last row of the input gradient.",
        INPUT_GRADIENT,
        answer(last_row_zero),
        "last-rows-missing",
    ),
    _member(
        "last-column-missing", "Stops before the last column.", FORWARD, answer(_last_column_zero), "last-rows-missing"
    ),
    _member(
        "last-row-as-before",
        "Writes the last row but one once more in place of the last.",
        FORWARD,
        answer(_last_row_as_before),
        "repeated",
    ),
    _member(
        "input-gradient-without-last-output-row",
        "Leaves the last row of the output gradient out of a strided input gradient.",
        INPUT_GRADIENT,
        when(strided, data(last_row_zero)),
        "last-rows-missing",
        issue("pytorch/pytorch#25101"),
    ),
    _member(
        "columns-beyond-tiles-zero",
        "Computes the columns in tiles of 4 and leaves the rest at 0.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_beyond_tiles_zero(4)),
        "tail-only",
    ),
    _member(
        "odd-column-as-before",
        "Computes the columns in pairs, the last of an odd number from the place before it.",
        FORWARD,
        answer(_odd_column_as_before),
        "repeated",
    ),
    _member(
        "positions-beyond-blocks-zero",
        "Computes the positions of a plane in blocks of 8 and leaves the rest at 0.",
        FORWARD,
        answer(_positions_after_whole_eights),
        "tail-only",
    ),
    _member(
        "long-rows-cut",
        "Computes 32 columns of a row and leaves those behind them at 0.",
        FORWARD,
        when(_long_rows, answer(_columns_after(32))),
        "left-at-zero",
    ),
    _member(
        "pixel-40-of-49",
        "Has one wrong element in each channel of a result of 7 x 7.",
        FORWARD,
        when(lambda p: p.output_size == (7, 7), answer(_pixel(40))),
        "single-place",
        issue("Tencent/ncnn#1283"),
    ),
    _member(
        "last-pixel-wrong",
        "Has one wrong element in each channel, the last.",
        UNBIASED,
        answer(_pixel(-1)),
        "single-place",
    ),
    _member("one-value-wrong", "Has one wrong element in all of the result.", UNBIASED, answer(_one_value)),
    _member(
        "border-zero",
        "Computes only where the kernel meets no padding and leaves the border at 0.",
        FORWARD,
        answer(_border_zero),
        "border-only",
    ),
    _member(
        "border-unwritten",
        "Computes only where the kernel meets no padding and leaves the border as the memory was.",
        FORWARD,
        answer(_border_unwritten),
        "unwritten",
    ),
    _member(
        "first-row-of-border-zero",
        "Leaves the first row at 0 when there is padding before it.",
        FORWARD,
        answer(_first_row_of_border_zero),
        "first-rows-missing",
    ),
    _member(
        "border-renormalised",
        "Divides the sums at the border by the share of the kernel that lies inside.",
        FORWARD,
        when(padded, _renormalised),
        "border-only",
    ),
    _member(
        "unread-rows-unwritten",
        "Leaves the rows that no output reads as the memory was.",
        ("conv_input_grad",),
        when(unread, answer(_unread_rows_unwritten)),
        "unwritten",
    ),
    _member(
        "pointwise-gaps-unwritten",
        "Writes the input gradient of a strided kernel of one tap only where the kernel has been.",
        INPUT_GRADIENT,
        when(_pointwise, answer(_strided_places_only)),
        "unwritten",
        issue("ROCm/composable_kernel#105"),
    ),
    _member(
        "shifted-by-one-column", "Writes every column one to the right.", FORWARD, answer(_shifted_by(1)), "shifted"
    ),
    _member(
        "shifted-up-and-right",
        "Writes every row one higher and every column one to the right.",
        (*FORWARD, *INPUT_GRADIENT),
        when(planar, answer(_shifted_by(-1, 1)), answer(_shifted_by(-1))),
        "shifted",
    ),
    _member(
        "rolled-by-one-column",
        "Writes every column one to the right, the last in the first place.",
        FORWARD,
        answer(_rolled),
        "shifted",
    ),
    _member(
        "filter-gradient-without-last-row",
        "Leaves the last row of the output gradient out of the filter gradient.",
        ("conv_filter_grad",),
        when(strided, operand(1, last_row_zero)),
        "last-rows-missing",
    ),
)
