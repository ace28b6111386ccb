"""Convolutions of images written by hand, the way a person writes them, and the mistakes that are made in writing them.

Nothing of the reference or of the judge is used. Every mistake takes the sizes and the operands and returns what it
computes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from convformance.judging.bounds import Operands
from convformance.judging.rule import Judgement, judge
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.judging.asked import InstantAnswer, case_of, examine

Mistake = Callable[[Problem, Operands], Array]
Pairs = tuple[tuple[int, int], ...]

BASIC: dict[str, Any] = {"in_channels": 3, "out_channels": 4}
PADDED = {**BASIC, "padding": ((2, 1), (0, 1))}
STRIDED = {**BASIC, "stride": (3, 2), "input_size": (11, 9)}
DILATED = {**BASIC, "dilation": (2, 3), "input_size": (9, 8)}
GROUPED = {"in_channels": 4, "out_channels": 8, "groups": 2}
SQUARE = {**BASIC, "kernel_size": (3, 3)}
EQUAL = {"in_channels": 4, "out_channels": 4}
SAME = {**BASIC, "input_size": (8, 9), "kernel_size": (3, 4), "stride": (2, 3), "padding": "same_upper"}
BIASED = {**BASIC, "bias": True}
REMAINDER = {**BASIC, "input_size": (8, 7), "stride": (2, 3), "kernel_size": (3, 2)}
CROPPED = {**REMAINDER, "padding": ((1, 1), (0, 1))}


def forward(
    x: Array,
    w: Array,
    stride: tuple[int, ...] = (1, 1),
    padding: Pairs = ((0, 0), (0, 0)),
    dilation: tuple[int, ...] = (1, 1),
    groups: int = 1,
    mode: str = "constant",
) -> Array:
    """Return the cross-correlation of images, one output element after another."""
    padded = np.pad(x, ((0, 0), (0, 0), *padding), mode)  # type: ignore[call-overload]
    kernel = w.shape[2:]
    rows, columns = (
        (size - d * (k - 1) - 1) // s + 1
        for size, d, k, s in zip(padded.shape[2:], dilation, kernel, stride, strict=True)
    )
    inputs, outputs = x.shape[1] // groups, len(w) // groups
    y = np.zeros((len(x), len(w), rows, columns))
    for o in range(len(w)):
        first = o // outputs * inputs
        for row in range(rows):
            for column in range(columns):
                top, left = row * stride[0], column * stride[1]
                bottom, right = top + dilation[0] * kernel[0], left + dilation[1] * kernel[1]
                window = padded[:, first : first + inputs, top : bottom : dilation[0], left : right : dilation[1]]
                window = window[:, :, : kernel[0], : kernel[1]]
                y[:, o, row, column] = (window * w[o]).sum(axis=(1, 2, 3))
    return y


def input_gradient(problem: Problem, dy: Array, w: Array, stride: tuple[int, ...], padding: Pairs) -> Array:
    """Return dx by adding each output's kernel into its window, and cropping the padding; one group, no dilation."""
    (top, bottom), (left, right) = padding
    height, width = problem.input_size
    padded = np.zeros((len(dy), w.shape[1], height + top + bottom + 9, width + left + right + 9))
    for row in range(dy.shape[2]):
        for column in range(dy.shape[3]):
            at = padded[:, :, row * stride[0] :, column * stride[1] :]
            at[:, :, : w.shape[2], : w.shape[3]] += np.einsum("no,ochw->nchw", dy[:, :, row, column], w)
    return padded[:, :, top : top + height, left : left + width]


def filter_gradient(problem: Problem, x: Array, dy: Array, stride: tuple[int, ...], padding: Pairs) -> Array:
    """Return dw by adding up each output's window; one group, no dilation."""
    padded = np.pad(x, ((0, 0), (0, 0), *padding))
    height, width = problem.kernel_size
    dw = np.zeros((dy.shape[1], x.shape[1], height, width))
    for row in range(dy.shape[2]):
        for column in range(dy.shape[3]):
            top, left = row * stride[0], column * stride[1]
            dw += np.einsum(
                "no,nchw->ochw", dy[:, :, row, column], padded[:, :, top : top + height, left : left + width]
            )
    return dw


def right(problem: Problem, operands: Operands) -> Array:
    """Return the convolution as it should be."""
    return with_geometry(problem, operands)


def with_geometry(problem: Problem, operands: Operands, **changed: Any) -> Array:
    """Return the convolution with some of its parameters changed."""
    x, w = (array.astype(np.float64) for array in operands.arrays)
    geometry = {name: getattr(problem, name) for name in ("stride", "padding", "dilation", "groups")}
    y = forward(x, w, **{**geometry, **changed})
    return y if operands.bias is None else y + operands.bias.astype(np.float64)[:, None, None]


def of_result(change: Callable[[Array], Array]) -> Mistake:
    """Return the mistake of changing a right result."""
    return lambda problem, operands: change(right(problem, operands))


def of_operands(change: Callable[[Array, Array], tuple[Array, Array]], **geometry: Any) -> Mistake:
    """Return the mistake of convolving changed operands."""

    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = change(*(array.astype(np.float64) for array in operands.arrays))
        named = {name: getattr(problem, name) for name in ("stride", "padding", "dilation", "groups")}
        return forward(x, w, **{**named, **geometry})

    return mistake


def of_geometry(change: Callable[[Problem], dict[str, Any]]) -> Mistake:
    """Return the mistake of convolving with other parameters."""
    return lambda problem, operands: with_geometry(problem, operands, **change(problem))


def judgement_of(sizes: dict[str, Any], mistake: Mistake, operation: str = "conv", dtype: str = "float32") -> Judgement:
    """Return the judgement on a mistake in a case of these sizes."""
    case = case_of(**sizes)
    examination = examine(case, operation, dtype)
    result = examination.expected.result.dtype
    return judge(
        examination, lambda operands: InstantAnswer(np.asarray(mistake(case.problem, operands)).astype(result))
    )
