"""Mistakes of a forward convolution, made by hand: each by the name that stands first for it."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from convformance.judging.bounds import Operands
from convformance.reference.problem import Problem
from convformance.test_cases import fills
from tests.judging import handmade
from tests.judging.handmade import (
    BASIC,
    BIASED,
    DILATED,
    EQUAL,
    GROUPED,
    PADDED,
    SAME,
    SQUARE,
    STRIDED,
    Array,
    Mistake,
    of_geometry,
    of_operands,
    of_result,
)


def _grouped(
    problem: Problem, operands: Operands, inputs_of: Callable[[int], list[int]], filters_of: Callable[[int], list[int]]
) -> Array:
    """Return a convolution in two groups, each of the input channels and filters that are said."""
    x, w = (array.astype(np.float64) for array in operands.arrays)
    y = np.zeros(problem.output_shape)
    for group in range(problem.groups):
        y[:, filters_of(group)] = handmade.forward(x[:, inputs_of(group)], w[filters_of(group)])
    return y


def _with_border(border: str) -> Mistake:
    return of_geometry(lambda problem: {"mode": "constant" if border == "zero" else border})


def _from_spectra(problem: Problem, operands: Operands) -> Array:
    """Return a product of transforms of the image's size, with all that wraps round."""
    x, w = (np.fft.fft2(array.astype(np.float64), problem.input_size) for array in operands.arrays)
    return np.fft.ifft2(np.einsum("nchw,ochw->nohw", x, w.conj())).real


def _inverted_without_length(problem: Problem, operands: Operands) -> Array:
    x, w = (array.astype(np.float64) for array in operands.arrays)
    spectra = np.fft.rfft2(x), np.fft.rfft2(w, x.shape[2:]).conj()
    y = np.fft.irfft2(np.einsum("nchw,ochw->nohw", *spectra))
    return y[:, :, : problem.output_size[0], : problem.output_size[1]]


def unbiased(operands: Operands) -> fills.Operands:
    return fills.Operands(operands.arrays)


def _along_last_axis(problem: Problem, operands: Operands) -> Array:
    assert operands.bias is not None
    return handmade.with_geometry(problem, unbiased(operands)) + operands.bias.astype(np.float64)


def _with_bias(factor: float) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        assert operands.bias is not None
        y = handmade.with_geometry(problem, unbiased(operands))
        return y + factor * operands.bias.astype(np.float64)[:, None, None]

    return mistake


def _with_biases_of(order: list[int]) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        assert operands.bias is not None
        y = handmade.right(problem, unbiased(operands))
        return y + operands.bias.astype(np.float64)[order][:, None, None]

    return mistake


def _only(channel: int, array: Array) -> Array:
    kept = np.zeros_like(array)
    kept[:, channel] = array[:, channel]
    return kept


def _without_taps(index: tuple[Any, ...]) -> Mistake:
    def change(x: Array, w: Array) -> tuple[Array, Array]:
        lacking = w.copy()
        lacking[index] = 0
        return x, lacking

    return of_operands(change)


def _changed(index: Any, value: float | None = None) -> Mistake:
    """Return the mistake of one place of the result: another number, or a bit more than the right one."""

    def change(y: Array) -> Array:
        changed = y.copy()
        changed[index] = changed[index] + 1.0 if value is None else value
        return changed

    return of_result(change)


def _stale_border(y: Array) -> Array:
    changed = y.copy()
    changed[:, :, 0] = np.arange(1.0, y.shape[-1] + 1)
    return changed


def _same_of(rule: Callable[[int, int, int], tuple[int, int]]) -> Mistake:
    return of_geometry(lambda p: {"padding": tuple(map(rule, p.input_size, p.kernel_size, p.stride))})


def _halves(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2


def _checks(size: tuple[int, ...]) -> Array:
    return np.indices(size).sum(axis=0) % 2


def _rescaled_border(problem: Problem, operands: Operands) -> Array:
    """Return the mean over the part of the kernel that lies inside, where that is not all of it."""
    y = handmade.right(problem, operands)
    ones = handmade.forward(
        np.ones((1, 1, *problem.input_size)), np.ones((1, 1, *problem.kernel_size)), padding=problem.padding
    )
    return y * 6 // ones


def _columns_for_rows(y: Array) -> Array:
    """Return the result of a loop over the rows that runs up to the number of columns."""
    changed = y.copy()
    changed[:, :, y.shape[3] :] = 0
    return changed


def _at_row_times_height(x: Array) -> Array:
    height, width = x.shape[2:]
    flat = x.reshape(*x.shape[:2], -1)
    index = np.minimum(np.arange(height)[:, None] * height + np.arange(width), height * width)
    return np.concatenate([flat, np.zeros((*x.shape[:2], 1))], axis=2)[:, :, index]


def _window_moved_into_data(problem: Problem, operands: Operands) -> Array:
    """Begin at max(position - padding, 0); what lies behind the data is cut off."""
    x, w = (array.astype(np.float64) for array in operands.arrays)
    y = np.zeros(problem.output_shape)
    for row, column in np.ndindex(*problem.output_size):
        top, left = (max(at - lo, 0) for at, (lo, _) in zip((row, column), problem.padding, strict=True))
        window = x[:, :, top : top + w.shape[2], left : left + w.shape[3]]
        y[:, :, row, column] = np.einsum("nchw,ochw->no", window, w[:, :, : window.shape[2], : window.shape[3]])
    return y


def _overflowing(problem: Problem, operands: Operands) -> Array:
    y, magnitudes = handmade.right(problem, operands), handmade.right(problem, _magnitudes(operands))
    return np.where(magnitudes > np.median(magnitudes), np.inf, y)


def _magnitudes(operands: Operands) -> fills.Operands:
    return fills.Operands(tuple(map(np.abs, operands.arrays)))


FORWARD: dict[str, tuple[dict[str, Any], Mistake]] = {
    "kernel-rotated": (PADDED, of_operands(lambda x, w: (x, w[:, :, ::-1, ::-1]))),
    "kernel-axes-swapped": (SQUARE, of_operands(lambda x, w: (x, w.transpose(0, 1, 3, 2)))),
    "kernel-flipped-on-one-axis": (BASIC, of_operands(lambda x, w: (x, w[..., ::-1]))),
    "in-out-channels-swapped": (EQUAL, of_operands(lambda x, w: (x, w.transpose(1, 0, 2, 3)))),
    "channels-reversed": (BASIC, of_operands(lambda x, w: (x[:, ::-1], w))),
    "taps-missing": (BASIC, _without_taps((..., -1, slice(None)))),
    "stride-ignored": (STRIDED, of_geometry(lambda p: {"stride": (1, 1)})),
    "stride-axes-swapped": (STRIDED, of_geometry(lambda p: {"stride": p.stride[::-1]})),
    "stride-off-by-one": (STRIDED, of_geometry(lambda p: {"stride": tuple(s + 1 for s in p.stride)})),
    "stride-dilation-swapped": (
        {**STRIDED, "dilation": (1, 4)},
        of_geometry(lambda p: {"stride": p.dilation, "dilation": p.stride}),
    ),
    "first-axis-for-both": (STRIDED, of_geometry(lambda p: {"stride": p.stride[:1] * 2})),
    "last-axis-for-both": ({**STRIDED, "stride": (2, 4)}, of_geometry(lambda p: {"stride": p.stride[1:] * 2})),
    "another-stride": ({**STRIDED, "stride": (4, 1)}, of_geometry(lambda p: {"stride": (2, 2)})),
    "dilation-ignored": (DILATED, of_geometry(lambda p: {"dilation": (1, 1)})),
    "dilation-axes-swapped": (DILATED, of_geometry(lambda p: {"dilation": p.dilation[::-1]})),
    "dilation-off-by-one": (DILATED, of_geometry(lambda p: {"dilation": (1, 2)})),
    "another-dilation": ({**DILATED, "dilation": (4, 1)}, of_geometry(lambda p: {"dilation": (2, 1)})),
    "padding-ignored": (PADDED, of_geometry(lambda p: {"padding": ((0, 0), (0, 0))})),
    "padding-sides-swapped": (PADDED, of_geometry(lambda p: {"padding": tuple((hi, lo) for lo, hi in p.padding)})),
    "padding-axes-swapped": (PADDED, of_geometry(lambda p: {"padding": p.padding[::-1]})),
    "padding-order-misread": (
        {**BASIC, "padding": ((2, 1), (0, 3))},
        of_geometry(lambda p: {"padding": ((p.padding[0][0], p.padding[1][0]), (p.padding[0][1], p.padding[1][1]))}),
    ),
    "begin-padding-for-both": (PADDED, of_geometry(lambda p: {"padding": tuple((lo, lo) for lo, _ in p.padding)})),
    "end-padding-for-both": (
        {**BASIC, "padding": ((2, 1), (1, 3))},
        of_geometry(lambda p: {"padding": tuple((hi, hi) for _, hi in p.padding)}),
    ),
    "padding-twice": (PADDED, of_geometry(lambda p: {"padding": tuple((2 * lo, 2 * hi) for lo, hi in p.padding)})),
    "padding-one-side-ignored": (
        {**BASIC, "padding": ((2, 1), (1, 3))},
        of_geometry(lambda p: {"padding": tuple((lo, 0) for lo, _ in p.padding)}),
    ),
    "padding-odd-element-dropped": (
        {**BASIC, "padding": ((2, 1), (3, 4))},
        of_geometry(lambda p: {"padding": tuple((min(pair),) * 2 for pair in p.padding)}),
    ),
    "padding-off-by-one": (PADDED, of_geometry(lambda p: {"padding": tuple((lo + 1, hi + 1) for lo, hi in p.padding)})),
    "another-padding": (PADDED, of_geometry(lambda p: {"padding": ((3, 1), (0, 1))})),
    "same-lower-for-upper": (SAME, of_geometry(lambda p: {"padding": tuple((hi, lo) for lo, hi in p.padding)})),
    "same-upper-for-lower": (
        {**SAME, "padding": "same_lower"},
        of_geometry(lambda p: {"padding": tuple((hi, lo) for lo, hi in p.padding)}),
    ),
    "same-fixed-padding": (SAME, _same_of(lambda size, kernel, stride: (kernel // 2, kernel // 2))),
    "same-size-without-stride": (
        SAME,
        _same_of(lambda size, kernel, stride: _halves((size - 1) * stride + kernel - size)),
    ),
    "same-without-dilation": (
        {**BASIC, "input_size": (8, 9), "kernel_size": (3, 4), "dilation": (2, 1), "padding": "same_upper"},
        _same_of(lambda size, kernel, stride: _halves(kernel - 1)),
    ),
    "full-for-valid": (BASIC, _same_of(lambda size, kernel, stride: (kernel - 1, kernel - 1))),
    "valid-for-full": ({**BASIC, "padding": "full"}, of_geometry(lambda p: {"padding": ((0, 0), (0, 0))})),
    "same-for-valid": (BASIC, _same_of(lambda size, kernel, stride: _halves(kernel - 1))),
    "same-for-full": ({**BASIC, "padding": "full"}, _same_of(lambda size, kernel, stride: _halves(kernel - 1))),
    "full-for-same": (
        {**BASIC, "padding": "same_upper"},
        _same_of(lambda size, kernel, stride: (kernel - 1, kernel - 1)),
    ),
    "edge-padding-for-zero": (PADDED, of_geometry(lambda p: {"mode": "edge"})),
    "reflect-padding-for-zero": (PADDED, of_geometry(lambda p: {"mode": "reflect"})),
    "wrap-padding-for-zero": (PADDED, of_geometry(lambda p: {"mode": "wrap"})),
    "symmetric-padding-for-zero": (PADDED, of_geometry(lambda p: {"mode": "symmetric"})),
    **{
        f"{taken}-padding-for-{wanted}": ({**PADDED, "border": wanted}, _with_border(taken))
        for wanted, taken in permutations(("zero", "edge", "reflect", "symmetric", "wrap"), 2)
        if wanted != "zero"
    },
    "groups-ignored": (
        GROUPED,
        lambda p, operands: handmade.forward(operands.arrays[0][:, :2].astype(float), operands.arrays[1].astype(float)),
    ),
    "groups-interleaved": (
        GROUPED,
        lambda p, operands: _grouped(p, operands, lambda g: [g, g + 2], lambda g: list(range(4 * g, 4 * g + 4))),
    ),
    "first-group-for-all": (GROUPED, of_operands(lambda x, w: (x, np.concatenate([w[:4], w[:4]])))),
    "layout-misread": (EQUAL, of_result(lambda y: y.transpose(0, 2, 3, 1).reshape(y.shape))),
    "channel-remainder-ignored": (
        {"in_channels": 6, "out_channels": 3},
        of_operands(lambda x, w: (x[:, :4], w[:, :4])),
    ),
    "overwritten-not-accumulated": (BASIC, of_operands(lambda x, w: (_only(2, x), w))),
    "batch-reversed": (BASIC, of_result(lambda y: y[::-1])),
    "first-image-for-all": (BASIC, of_result(lambda y: np.stack([y[0]] * len(y)))),
    "images-exchanged": ({**BASIC, "batch": 3}, of_result(lambda y: y[[2, 0, 1]])),
    "scaled": (BASIC, of_result(lambda y: y / 18)),
    "sign-flipped": (BASIC, of_result(lambda y: 0 - y)),
    "bias-missing": (BIASED, _with_bias(0)),
    "bias-twice": (BIASED, _with_bias(2)),
    "bias-repeated": (BIASED, _with_bias(6)),
    "bias-on-wrong-axis": ({**BIASED, "input_size": (7, 5), "kernel_size": (3, 2)}, _along_last_axis),
    "bias-misread": (BIASED, _with_biases_of([2, 0, 3, 1])),
    "clipped": (BASIC, of_result(lambda y: np.maximum(y, 0))),
    "absolute-values": (BASIC, of_result(np.abs)),
    "wrapped": (BASIC, of_result(lambda y: y.astype(np.int64).astype(np.int8))),
    "shifted": (BASIC, of_result(lambda y: np.roll(y, (1, -1), (2, 3)))),
    "last-rows-missing": (BASIC, _changed((..., -1), 0.0)),
    "first-rows-missing": (BASIC, _changed((..., 0, slice(None)), 0.0)),
    "remainder-ignored": (
        {**BASIC, "input_size": (12, 11), "stride": (4, 3)},
        lambda p, operands: handmade.with_geometry(p, operands, padding=((0, 3), (0, 0))),
    ),
    "constant-output": (BASIC, of_result(np.zeros_like)),
    "repeated": (BASIC, of_result(lambda y: y[:, [0, 0, 2, 3]])),
    "unwritten": (BASIC, of_result(_stale_border)),
    "groups-exchanged": (GROUPED, of_operands(lambda x, w: (x, np.roll(w, 4, axis=0)), groups=2)),
    "results-summed": (BASIC, of_result(lambda y: y.sum(1, keepdims=True) + 0 * y)),
    "sum-not-reset": (BASIC, of_result(lambda y: y.cumsum(axis=3))),
    "other-axes-padded": (
        {**BASIC, "batch": 3, "padding": ((1, 1), (1, 0))},
        of_operands(lambda x, w: (np.pad(x, ((1, 0), *[(0, 0)] * 3))[:-1], w)),
    ),
    "circular": (BASIC, _from_spectra),
    "transform-length-not-said": ({**BASIC, "input_size": (8, 9)}, _inverted_without_length),
    "channels-summed-first": (BASIC, of_operands(lambda x, w: (x.sum(1, keepdims=True) + 0 * x, w))),
    "result-axes-swapped": (BASIC, of_result(lambda y: y.swapaxes(2, 3))),
    "result-rotated": (BASIC, of_result(lambda y: y[:, :, ::-1, ::-1])),
    "axes-of-size-1": (BASIC, of_result(lambda y: y[..., None])),
    "side-for-both": ({**BASIC, "input_size": (9, 5)}, of_result(_columns_for_rows)),
    "flat-index-of-other-side": (BASIC, of_operands(lambda x, w: (_at_row_times_height(x), w))),
    "window-clamped": (PADDED, _window_moved_into_data),
    "columns-misplaced": ({**STRIDED, "stride": (3, 1)}, of_geometry(lambda p: {"stride": (9, 1)})),
    "later-images-wrong": ({**BASIC, "batch": 3}, _changed(slice(1, None))),
    "partial-sums-overflow": (BASIC, _overflowing),
    "border-only": ({**BASIC, "padding": ((1, 1), (1, 1))}, _rescaled_border),
    "single-place": (BASIC, _changed((..., 2, 1))),
    "single-channel": (BASIC, _changed((slice(None), 1))),
    "single-image": ({**BASIC, "batch": 3}, _changed(1)),
    "tail-only": (BASIC, _changed((..., slice(-2, None), slice(None)))),
    "left-at-zero": (BASIC, lambda p, operands: handmade.right(p, operands) * _checks(p.output_size)),
    "wrong-shape": (BASIC, of_result(lambda y: y[0])),
}
