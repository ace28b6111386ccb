"""Mistakes with the shape of a result whose numbers are not lost, or all lost at once."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, unchanged
from convformance.reference.operation import BY_NAME, OPERATIONS, Operation


def crop_to_minus_zero(asked: Computation) -> Iterator[Prediction]:
    """A crop [pad:-pad] is empty where pad is 0, as -0 is the start: the result loses all its elements.

    Write [pad : pad + size], which holds for 0 too, or leave the crop out where nothing is padded.
    """
    if asked.gives not in ("input", "output") or asked.answer.size or not asked.result.size:
        return
    kept: tuple[Any, ...] = (..., *(slice(None) if hi else slice(0, 0) for _, hi in asked.problem.padding))
    yield "", asked.changed(lambda value: value[kept])


def axes_of_size_1(asked: Computation) -> Iterator[Prediction]:
    """The numbers are right, but axes of size 1 are added, as keepdims and reshape do, or left out, as squeeze does.

    Give the result all axes of its layout and no others, those of size 1 too: name the axis that squeeze or sum takes.
    """
    shape, wanted = asked.answer.shape, asked.result.shape
    if shape != wanted and [side for side in shape if side != 1] == [side for side in wanted if side != 1]:
        yield "", asked.changed(partial(np.reshape, shape=shape))


_SIZES = {
    "output": "Work out the size as (input + lo + hi - extent) // stride + 1 with extent = "
    "dilation * (kernel - 1) + 1.",
    "input": "The gradient has the shape of the array that it belongs to: begin with zeros_like(x), as the stride may "
    "leave rows over that no output reads.",
    "filter": "The filter's gradient has the shape of the filter, (out_channels, in_channels / groups, *kernel).",
    "bias": "The bias gradient has one axis, (out_channels,): sum over batch and space.",
}
_TRANSPOSED = (
    "Work out the size as (input - 1) * stride + extent - lo - hi + output_padding with extent = dilation * "
    "(kernel - 1) + 1."
)
_OF_GRADIENT = "The gradient has the shape of the array that it belongs to, that of x."


def _remedy_for(operation: Operation) -> str:
    if operation.name == "conv_transpose":
        return _TRANSPOSED
    if operation.name == "conv_transpose_input_grad":
        return _OF_GRADIENT
    return _SIZES[operation.result]


# How a size is mended, by operation.
SIZE_REMEDIES: Mapping[str, str] = {name: _remedy_for(BY_NAME[name]) for name in OPERATIONS}

HYPOTHESES = (
    Hypothesis.of("crop-to-minus-zero", crop_to_minus_zero),
    Hypothesis.of("axes-of-size-1", axes_of_size_1, remedies={"conv_bias_grad": _SIZES["bias"]}),
)

# Said of a shape that nothing else explains.
WRONG_SHAPE = Hypothesis(
    "wrong-shape",
    "The result has another shape than asked for, which no known mistake gives.",
    _SIZES["output"],
    unchanged,
    remedies={name: remedy for name, remedy in SIZE_REMEDIES.items() if name != "conv"},
)
