"""The diagnosis of gradients and transposed convolutions: mistakes made by hand in them are named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.hypotheses.hypothesis import Match
from convformance.reference.problem import Problem
from tests.judging import handmade
from tests.judging.handmade import BASIC, CROPPED, EQUAL, REMAINDER, STRIDED, Array, Mistake, judgement_of


def _dx(change: Callable[[Problem], dict[str, Any]]) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        dy, w = (array.astype(np.float64) for array in operands.arrays)
        return handmade.input_gradient(
            problem, dy, w, **{"stride": problem.stride, "padding": problem.padding, **change(problem)}
        )

    return mistake


def _dx_of(change: Callable[[Array, Array], tuple[Array, Array]]) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        dy, w = change(*(array.astype(np.float64) for array in operands.arrays))
        return handmade.input_gradient(problem, dy, w, problem.stride, problem.padding)

    return mistake


def _dx_overwritten(problem: Problem, operands: Operands) -> Array:
    """Scatter with = in place of +=."""
    dy, w = (array.astype(np.float64) for array in operands.arrays)
    dx = np.zeros(problem.input_shape)
    for row in range(dy.shape[2]):
        for column in range(dy.shape[3]):
            at = dx[:, :, row * problem.stride[0] :, column * problem.stride[1] :]
            at[:, :, :3, :2] = np.einsum("no,ochw->nchw", dy[:, :, row, column], w)
    return dx


def _dx_without_output_padding(problem: Problem, operands: Operands) -> Array:
    dx = handmade_dx(problem, operands)
    for axis, more in enumerate(problem.output_padding, 2):
        beyond = np.moveaxis(dx, axis, 0)[dx.shape[axis] - more :]
        beyond[...] = 0
    return dx


def handmade_dx(problem: Problem, operands: Operands) -> Array:
    dy, w = (array.astype(np.float64) for array in operands.arrays)
    return handmade.input_gradient(problem, dy, w, problem.stride, problem.padding)


def _dx_too_short(problem: Problem, operands: Operands) -> Array:
    return handmade_dx(problem, operands)[:, :, : 8 - problem.output_padding[0], : 7 - problem.output_padding[1]]


def _x_padded(problem: Problem, operands: Operands) -> Array:
    """Pad what a transposed convolution reads, where its result should be cropped."""
    x, w = (array.astype(np.float64) for array in operands.arrays)
    wider = np.pad(x, ((0, 0), (0, 0), *problem.padding))
    return handmade.input_gradient(problem, wider, w, problem.stride, ((0, 0), (0, 0)))


def _dw(change: Callable[[Problem], dict[str, Any]]) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, dy = (array.astype(np.float64) for array in operands.arrays)
        return handmade.filter_gradient(
            problem, x, dy, **{"stride": problem.stride, "padding": problem.padding, **change(problem)}
        )

    return mistake


def _dw_of(
    change: Callable[[Array, Array], tuple[Array, Array]], after: Callable[[Array], Array] = np.array
) -> Mistake:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, dy = change(*(array.astype(np.float64) for array in operands.arrays))
        return after(handmade.filter_gradient(problem, x, dy, problem.stride, problem.padding))

    return mistake


def _db(change: Callable[[Array], Array]) -> Mistake:
    return lambda problem, operands: change(operands.arrays[0].astype(np.float64))


GRADIENTS: dict[str, tuple[str, str, dict[str, Any], Mistake]] = {
    "the kernel of an input gradient": (
        "kernel-rotated",
        "conv_input_grad",
        CROPPED,
        _dx_of(lambda dy, w: (dy, w[:, :, ::-1, ::-1])),
    ),
    "channels of an input gradient": (
        "in-out-channels-swapped",
        "conv_input_grad",
        {**CROPPED, **EQUAL},
        _dx_of(lambda dy, w: (dy, w.transpose(1, 0, 2, 3))),
    ),
    "the stride of an input gradient": (
        "stride-ignored",
        "conv_input_grad",
        STRIDED,
        _dx(lambda p: {"stride": (1, 1)}),
    ),
    "strides of an input gradient": (
        "stride-axes-swapped",
        "conv_input_grad",
        STRIDED,
        _dx(lambda p: {"stride": p.stride[::-1]}),
    ),
    "the padding of an input gradient": (
        "padding-ignored",
        "conv_input_grad",
        CROPPED,
        _dx(lambda p: {"padding": ((0, 0),) * 2}),
    ),
    "the crop of an input gradient": (
        "crop-to-minus-zero",
        "conv_input_grad",
        BASIC,
        lambda problem, operands: handmade_dx(problem, operands)[:, :, 0:-0, 0:-0],
    ),
    "what the stride spreads": (
        "zeros-inserted-wrongly",
        "conv_input_grad",
        STRIDED,
        lambda problem, operands: handmade.input_gradient(
            problem,
            operands.arrays[0].astype(np.float64).repeat(problem.stride[0], 2).repeat(problem.stride[1], 3),
            operands.arrays[1].astype(np.float64),
            (1, 1),
            problem.padding,
        ),
    ),
    "steps of an input gradient": (
        "columns-misplaced",
        "conv_input_grad",
        BASIC,
        _dx(lambda p: {"stride": p.kernel_size}),
    ),
    "the form of a bias gradient": (
        "axes-of-size-1",
        "conv_bias_grad",
        BASIC,
        lambda problem, operands: operands.arrays[0].astype(np.float64).sum((0, 2, 3))[:, None],
    ),
    "sums of an input gradient": ("overwritten-not-accumulated", "conv_input_grad", BASIC, _dx_overwritten),
    "the size of an input gradient": ("remainder-ignored", "conv_input_grad", REMAINDER, _dx_too_short),
    "output padding": (
        "output-padding-zero-filled",
        "conv_transpose",
        {**REMAINDER, "padding": ((1, 2), (0, 3))},
        _dx_without_output_padding,
    ),
    "padding of a transposed convolution": (
        "transposed-padding-as-input-padding",
        "conv_transpose",
        {**BASIC, "padding": ((1, 2), (0, 1))},
        _x_padded,
    ),
    "a filter gradient turned round": (
        "gradient-rotated",
        "conv_filter_grad",
        CROPPED,
        _dw_of(lambda x, dy: (x, dy), lambda dw: dw[:, :, ::-1, ::-1]),
    ),
    "channels of a filter gradient": (
        "in-out-channels-swapped",
        "conv_filter_grad",
        {**CROPPED, **EQUAL},
        _dw_of(lambda x, dy: (x, dy), lambda dw: dw.transpose(1, 0, 2, 3)),
    ),
    "the stride of a filter gradient": (
        "stride-ignored",
        "conv_filter_grad",
        STRIDED,
        _dw(lambda p: {"stride": (1, 1)}),
    ),
    "the first image of a filter gradient": (
        "batch-not-summed",
        "conv_filter_grad",
        BASIC,
        _dw_of(lambda x, dy: (x[:1], dy[:1])),
    ),
    "the mean of a filter gradient": (
        "scaled",
        "conv_filter_grad",
        {**BASIC, "batch": 3},
        _dw_of(lambda x, dy: (x, dy), lambda dw: dw / 3),
    ),
    "images of a filter gradient": ("batch-reversed", "conv_filter_grad", BASIC, _dw_of(lambda x, dy: (x, dy[::-1]))),
    "axes of a bias gradient": (
        "bias-gradient-wrong-axes",
        "conv_bias_grad",
        BASIC,
        _db(lambda dy: dy.sum(axis=(0, 1, 2))),
    ),
    "images of a bias gradient": ("batch-not-summed", "conv_bias_grad", BASIC, _db(lambda dy: dy[0].sum(axis=(1, 2)))),
    "the mean of a bias gradient": (
        "scaled",
        "conv_bias_grad",
        {**BASIC, "batch": 3},
        _db(lambda dy: dy.mean(axis=(0, 2, 3))),
    ),
}


@pytest.mark.parametrize("what", GRADIENTS)
def test_a_mistake_in_a_gradient_or_a_transposed_convolution_is_named_first(what: str) -> None:
    name, operation, sizes, mistake = GRADIENTS[what]
    judgement = judgement_of(sizes, mistake, operation)
    assert judgement.diagnosis[0].name == name, judgement.diagnosis


def test_the_factor_is_named_by_the_numbers_of_the_problem() -> None:
    mean = _dw_of(lambda x, dy: (x, dy), lambda dw: dw / 5)
    assert judgement_of({**BASIC, "batch": 5}, mean, "conv_filter_grad").diagnosis[0] == Match(
        "scaled", "by 1/5 = 1/(batch)"
    )
