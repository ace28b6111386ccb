"""The diagnosis of one wrong answer: each name stands first for a mistake made by hand, and for no right answer."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.judging import matching
from convformance.judging.bounds import Operands
from convformance.judging.hypotheses import HYPOTHESES
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.rule import judge
from convformance.reference import operations
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from convformance.test_cases import fills
from tests.judging import handmade
from tests.judging.asked import InstantAnswer, case_of, examine
from tests.judging.handmade import (
    BASIC,
    BIASED,
    CROPPED,
    DILATED,
    EQUAL,
    GROUPED,
    PADDED,
    SAME,
    SQUARE,
    STRIDED,
    Array,
    Mistake,
    judgement_of,
    of_geometry,
    of_operands,
    of_result,
)
from tests.judging.test_diagnosis_of_gradients import GRADIENTS
from tests.judging.test_diagnosis_of_groups import NAMES as NAMES_OF_GROUPS
from tests.judging.test_diagnosis_of_numbers import NUMBERS
from tests.judging.test_following import FOLLOWED
from tests.judging.test_ranges import NAMED


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


def _unbiased(operands: Operands) -> fills.Operands:
    return fills.Operands(operands.arrays)


def _along_last_axis(problem: Problem, operands: Operands) -> Array:
    assert operands.bias is not None
    return handmade.with_geometry(problem, _unbiased(operands)) + operands.bias.astype(np.float64)


def _with_bias(factor: float) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        assert operands.bias is not None
        y = handmade.with_geometry(problem, _unbiased(operands))
        return y + factor * operands.bias.astype(np.float64)[:, None, None]

    return mistake


def _with_biases_of(order: list[int]) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        assert operands.bias is not None
        y = handmade.right(problem, _unbiased(operands))
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


@pytest.mark.parametrize("name", FORWARD)
def test_a_mistake_made_by_hand_is_named_first(name: str) -> None:
    sizes, mistake = FORWARD[name]
    judgement = judgement_of(sizes, mistake)
    assert judgement.grade == "wrong", judgement.message
    assert judgement.diagnosis[0].name == name, judgement.diagnosis


PROCESS = {"operand-changed", "not-deterministic", "wrong-dtype", "nan-swallowed", "nan-spread"}
PROCESS |= {"earlier-result", "wrong-after-first-call", "raises"}
PRECISION = {"low-precision-inputs", "low-precision-accumulation", "low-precision-result"}
ROUNDING = {"bias-after-rounding", "result-not-to-nearest", "result-rounded-twice"}  # in test_result_rounding


def test_every_name_is_seen_in_first_place() -> None:
    gradients = (name for name, *_ in GRADIENTS.values())
    others = (*FORWARD, *FOLLOWED, *NUMBERS, *NAMES_OF_GROUPS, *PROCESS, *PRECISION, *ROUNDING)
    tested = {*others, *gradients, *NAMED.values()}
    assert tested == {match.name for match in HYPOTHESES}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda y: y.sum(1, keepdims=True) + 0 * y, "sum over the channels, in each place"),
        (lambda y: y.sum(1, keepdims=True), "sum over the channels, once"),
        (lambda y: y.sum(1), "sum over the channels, once"),
        (lambda y: y.mean(1, keepdims=True) + 0 * y, "mean over the channels, in each place"),
        (lambda y: y.sum(0, keepdims=True) + 0 * y, "sum over the batch, in each place"),
        (lambda y: y.mean(0, keepdims=True), "mean over the batch, once"),
    ],
)
def test_results_that_are_added_up_are_told_with_their_axis(change: Callable[[Array], Array], detail: str) -> None:
    match = judgement_of(BASIC, of_result(change)).diagnosis[0]
    assert match == Match("results-summed", detail)


def test_the_bias_of_results_that_are_added_up_is_added_afterwards() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        y = handmade.right(problem, _unbiased(operands))
        return y.sum(1, keepdims=True) + operands.bias.astype(np.float64)[:, None, None]

    assert judgement_of(BIASED, mistake).diagnosis[0].name == "results-summed"


@pytest.mark.parametrize(
    ("axes", "detail"),
    [
        ((3,), "along a row"),
        ((2, 3), "over the positions"),
        ((1, 2, 3), "over channels and positions"),
        ((0, 1, 2, 3), "over everything"),
        ((1,), "over the channels"),
        ((2, 3, 1), "over positions and channels"),
        ((0, 2, 3, 1), "over everything, channels last"),
    ],
)
def test_a_sum_that_goes_on_is_told_with_the_order_of_the_loops(axes: tuple[int, ...], detail: str) -> None:
    def running(y: Array) -> Array:
        total, result = 0.0, np.empty_like(y)
        outer = [axis for axis in range(4) if axis not in axes]
        for start in np.ndindex(*(y.shape[axis] for axis in outer)):
            total = 0.0
            for inner in np.ndindex(*(y.shape[axis] for axis in axes)):
                place = dict(zip((*outer, *axes), (*start, *inner), strict=True))
                total += y[place[0], place[1], place[2], place[3]]
                result[place[0], place[1], place[2], place[3]] = total
        return result

    assert judgement_of(BASIC, of_result(running)).diagnosis[0] == Match("sum-not-reset", detail)


@pytest.mark.parametrize(
    ("before", "turned", "detail"),
    [
        (lambda extent: 0, False, "from the corner on"),
        (lambda extent: extent - 1, True, "up to the corner, the kernel turned"),
        (lambda extent: extent - 1, False, "up to the corner"),
    ],
)
def test_a_circular_result_is_told_with_its_place(before: Callable[[int], int], turned: bool, detail: str) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        w = w[:, :, ::-1, ::-1] if turned else w
        pairs = [(before(size), size - 1 - before(size)) for size in w.shape[2:]]
        return handmade.forward(np.pad(x, ((0, 0), (0, 0), *pairs), mode="wrap"), w)

    assert judgement_of(BASIC, mistake).diagnosis[0] == Match("circular", detail)


@pytest.mark.parametrize(
    ("turned", "middle", "exchanged"),
    [(False, True, False), (True, True, False), (False, False, True), (True, False, True), (True, True, True)],
)
def test_a_circular_result_that_lies_elsewhere_is_told_with_what_moves_it(
    turned: bool, middle: bool, exchanged: bool
) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        wide, sizes = np.zeros((*w.shape[:2], *x.shape[2:])), zip(x.shape[2:], w.shape[2:], strict=True)
        wide[:, :, : w.shape[2], : w.shape[3]] = w
        wide = np.roll(wide, [(side - taps) // 2 if middle else 0 for side, taps in sizes], (2, 3))
        kernels = np.fft.fft2(wide) if turned else np.fft.fft2(wide).conj()
        y = np.fft.ifft2(np.einsum("nchw,ochw->nohw", np.fft.fft2(x), kernels)).real
        return np.fft.fftshift(y, (2, 3)) if exchanged else y

    first = judgement_of({**BASIC, "input_size": (11, 9)}, mistake).diagnosis[0]
    assert first.name == "circular"
    assert ("the kernel in the middle of the data" in first.detail, "halves exchanged" in first.detail) == (
        middle,
        exchanged,
    )


@pytest.mark.parametrize("turned", [False, True], ids=["from the corner", "up to the corner"])
@pytest.mark.parametrize("zeros", [False, True], ids=["of the data's size", "with zeros"])
@pytest.mark.parametrize("sizes", [{}, {"padding": ((1, 1), (0, 2))}], ids=["valid", "padded"])
def test_a_transform_that_is_inverted_without_its_length_is_named(
    turned: bool, zeros: bool, sizes: dict[str, Any]
) -> None:
    """Where the last axis of what is transformed has an odd size; else nothing is wrong."""
    kernel = (3, 2)
    padding = sizes.get("padding", ((0, 0), (0, 0)))

    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        x = np.pad(x, ((0, 0), (0, 0), *padding))
        shape = [side + (taps - 1) * zeros for side, taps in zip(x.shape[2:], kernel, strict=True)]
        filters = np.fft.rfft2(w[:, :, ::-1, ::-1] if turned else w, shape)
        product = np.einsum("nchw,ochw->nohw", np.fft.rfft2(x, shape), filters if turned else filters.conj())
        first = [(taps - 1) * turned for taps in kernel]
        y = np.fft.irfft2(product)
        return y[:, :, first[0] :, first[1] :][:, :, : problem.output_size[0], : problem.output_size[1]]

    for width in (8, 9):
        odd = (width + sum(padding[1]) + (kernel[1] - 1) * zeros) % 2 == 1
        judgement = judgement_of({**BASIC, **sizes, "kernel_size": kernel, "input_size": (8, width)}, mistake)
        names = [match.name for match in judgement.diagnosis]
        assert (names[:1] == ["transform-length-not-said"]) == odd, (names, width)


@pytest.mark.parametrize(("side", "detail"), [(0, "all of it at the start"), (1, "all of it at the end")])
def test_a_result_as_large_as_the_data_that_is_padded_on_one_side_is_told_with_it(side: int, detail: str) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        pairs = tuple((0, size - 1)[:: 1 - 2 * (side == 0)] for size in problem.kernel_size)
        return handmade.with_geometry(problem, operands, padding=pairs)

    assert Match("same-for-valid", detail) in judgement_of(BASIC, mistake).diagnosis


def test_what_a_transform_rounds_hides_no_mistake() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        size = [a + b - 1 for a, b in zip(x.shape[2:], w.shape[2:], strict=True)]
        full = np.fft.ifft2(np.einsum("nchw,ochw->nohw", np.fft.fft2(x, size), np.fft.fft2(w, size))).real
        return full[:, :, w.shape[2] - 1 : x.shape[2], w.shape[3] - 1 : x.shape[3]]

    judgement = judgement_of(BASIC, mistake, dtype="float64")
    assert judgement.diagnosis[0] == Match("kernel-rotated")


def test_a_shift_is_told_with_its_vector() -> None:
    match = judgement_of(BASIC, of_result(lambda y: np.roll(y, (1, -1), (2, 3)))).diagnosis[0]
    assert match == Match("shifted", "by (1, -1), the other end coming in")


def test_a_range_is_told_with_its_ends() -> None:
    match = judgement_of(BASIC, of_result(lambda y: np.clip(y, 0, 6))).diagnosis[0]
    assert match == Match("clipped", "to [0, 6]")


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_mistakes_are_named_in_every_dtype(dtype: str) -> None:
    for name in ("kernel-rotated", "stride-ignored", "padding-ignored", "groups-ignored", "scaled", "sign-flipped"):
        sizes, mistake = FORWARD[name]
        assert judgement_of(sizes, mistake, dtype=dtype).diagnosis[0].name == name


@pytest.mark.parametrize(
    ("names", "sizes", "mistake"),
    [
        (
            "kernel-rotated+padding-ignored",
            PADDED,
            of_operands(lambda x, w: (x, w[:, :, ::-1, ::-1]), padding=((0, 0), (0, 0))),
        ),
        ("kernel-rotated+scaled", BASIC, of_operands(lambda x, w: (x, 4 * w[:, :, ::-1, ::-1]))),
        (
            "groups-ignored+stride-ignored",
            {**GROUPED, "stride": (2, 3)},
            of_operands(lambda x, w: (x[:, :2], w), groups=1, stride=(1, 1)),
        ),
    ],
)
def test_two_mistakes_together_are_named_where_none_alone_explains(
    names: str, sizes: dict[str, Any], mistake: Mistake
) -> None:
    assert judgement_of(sizes, mistake).diagnosis[0].name == names


def test_a_result_cropped_to_the_wanted_size_is_explained_all_the_same() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        cropped = handmade.with_geometry(problem, operands, stride=(1, 1))
        return cropped[(..., *(slice(size) for size in problem.output_size))]

    assert judgement_of(STRIDED, mistake).diagnosis[0].name == "stride-ignored"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_right_answer_has_no_diagnosis(operation: str) -> None:
    case = case_of(**{**CROPPED, "groups": 1})
    judgement = judge(
        examine(case, operation, "float32"),
        lambda operands: InstantAnswer(operations.apply(operation, case.problem, *operands.arrays)),
    )
    assert judgement.grade == "conformant"
    assert judgement.diagnosis == ()


def test_without_an_explanation_the_judgement_is_the_same_but_for_the_names() -> None:
    case = case_of(**BASIC)
    examination = examine(case, "conv", "float32")

    def negative(operands: Operands) -> InstantAnswer:
        return InstantAnswer(-operations.apply("conv", case.problem, *operands.arrays))

    explained = judge(examination, negative)
    assert explained.diagnosis
    assert judge(examination, negative, explain=False) == replace(explained, diagnosis=())


def test_beyond_its_budget_only_what_needs_no_new_computation_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_BUDGET", 0)
    monkeypatch.setattr(matching, "_BUDGET_OF_PAIRS", 0)
    assert judgement_of(*FORWARD["sign-flipped"]).diagnosis[0].name == "sign-flipped"
    assert judgement_of(*FORWARD["kernel-rotated"]).diagnosis == ()


def test_an_answer_that_changes_from_call_to_call_is_not_deterministic() -> None:
    calls = []

    def mistake(problem: Problem, operands: Operands) -> Array:
        calls.append(1)
        y = handmade.right(problem, operands)
        y[0, 0, 0, 0] += len(calls)
        return y

    assert judgement_of(BASIC, mistake).diagnosis[0].name == "not-deterministic"


def test_an_operand_that_is_changed_is_named() -> None:
    case = case_of(**BASIC)
    judgement = judge(
        examine(case, "conv", "float32"),
        lambda operands: InstantAnswer(operations.apply("conv", case.problem, *operands.arrays), changed=(1,)),
    )
    assert judgement.diagnosis == (Match("operand-changed", "w"),)


def test_a_result_of_another_dtype_is_named() -> None:
    case = case_of(**BASIC)
    examination = examine(case, "conv", "float32")
    judgement = judge(examination, lambda operands: InstantAnswer(handmade.right(case.problem, operands)))
    assert judgement.diagnosis == (Match("wrong-dtype", "float64 for float32"),)


def test_a_nan_that_is_lost_and_one_that_spreads_are_told_apart() -> None:
    special = {**BASIC, "special": "nan-data"}
    swallowing = of_operands(lambda x, w: (np.nan_to_num(x), w))
    spread = of_result(lambda y: np.full_like(y, np.nan) if np.isnan(y).any() else y)
    assert judgement_of(special, swallowing).diagnosis[0].name == "nan-swallowed"
    assert judgement_of(special, spread).diagnosis[0].name == "nan-spread"


def _rounded(dtype: Any) -> Callable[[Array], Array]:
    """Return the rounding to ``dtype``; what is beyond its range is infinite."""

    def rounding(array: Array) -> Array:
        with np.errstate(over="ignore"):
            return array.astype(np.float32).astype(dtype).astype(np.float64)

    return rounding


def _summed_in_float16(problem: Problem, operands: Operands) -> Array:
    """Return the convolution with every product added to a float16, channel by channel and tap by tap."""
    x, w = operands.arrays
    y = np.zeros(problem.output_shape, np.float16)
    for channel, row, column in np.ndindex(w.shape[1:]):
        part = x[:, channel, row:, column:][:, : y.shape[2], : y.shape[3]]
        with np.errstate(over="ignore", invalid="ignore"):
            y = (y + part[:, None] * w[:, channel, row, column][:, None, None]).astype(np.float16)
    return y


def test_narrow_arithmetic_is_told_by_what_is_narrow() -> None:
    deep = {**BASIC, "in_channels": 24}
    brain, half = _rounded(ml_dtypes.bfloat16), _rounded(np.float16)
    assert (
        judgement_of(deep, of_operands(lambda x, w: (brain(x), brain(w)))).diagnosis[0].name == "low-precision-inputs"
    )
    assert judgement_of(deep, of_result(half)).diagnosis[0].name == "low-precision-result"
    assert judgement_of(deep, _summed_in_float16).diagnosis[0].name == "low-precision-accumulation"
