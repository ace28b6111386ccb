"""Mistakes with integers of 8 bits and their zero points."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, no_padding
from convformance.reference.arrays import Array

_OPERANDS = ("the first operand", "the second operand")
_VALUES = 2**8


def zero_point_ignored(asked: Computation) -> Iterator[Prediction]:
    """A zero point is not subtracted.

    Subtract each operand's zero point from it before the products are made, or its share of them after.
    """
    raw = tuple(array + zero for array, zero in zip(asked.arrays, asked.zero_points, strict=False))
    for index, zero in enumerate(asked.zero_points):
        if zero:
            yield _OPERANDS[index], replace(asked, arrays=_with(asked.arrays, index, raw[index]))
    if all(asked.zero_points):
        yield "both operands", replace(asked, arrays=raw)


def zero_point_not_in_padding(asked: Computation) -> Iterator[Prediction]:
    """The padding holds 0 in place of the zero point.

    Fill the padding with the zero point of the data, which stands for 0, or subtract only what was really read.
    """
    problem, zero = asked.problem, asked.zero_points[0]
    if asked.gives != "output" or not zero or min(min(pair) for pair in problem.padding) < 0:
        return
    padded = np.pad(asked.arrays[0], ((0, 0), (0, 0), *problem.padding), constant_values=-zero)
    wide = replace(problem, input_size=problem.padded_size, padding=no_padding(problem.rank), symbol=None)
    yield "", replace(asked, problem=wide, arrays=(padded, *asked.arrays[1:]))


def signed_as_unsigned(asked: Computation) -> Iterator[Prediction]:
    """Bytes of one sign are read as those of the other: -1 as 255, or 200 as -56.

    Look for a signed type where an unsigned one belongs, or a kernel made for the other one.
    """
    stored = zip(asked.arrays, asked.zero_points, strict=False) if asked.integers else ()
    for index, (array, zero) in enumerate(stored):
        raw = array + zero
        if raw.size and -_VALUES // 2 <= raw.min() < 0 and raw.max() < _VALUES // 2:
            yield _OPERANDS[index], replace(asked, arrays=_with(asked.arrays, index, raw % _VALUES - zero))
        elif raw.size and raw.min() >= 0 and _VALUES // 2 <= raw.max() < _VALUES:
            signed = (raw + _VALUES // 2) % _VALUES - _VALUES // 2
            yield _OPERANDS[index], replace(asked, arrays=_with(asked.arrays, index, signed - zero))


def products_in_16_bits(asked: Computation) -> Iterator[Prediction]:
    """Sums of two neighbouring products saturate at 16 bits.

    Keep one operand within 7 bits, or use an instruction that sums in 32: one of x86 adds pairs of products in 16.
    """
    if asked.integers and asked.gives == "output" and min(min(pair) for pair in asked.problem.padding) >= 0:
        yield "", asked.changed(partial(_saturated, asked))


def _saturated(asked: Computation, value: Array) -> Array:
    """Return ``value`` without what saturates: of pairs of products of the stored numbers, by channel, then by tap."""
    terms = list(_stored_products(asked))
    for first in range(0, len(terms), 2):
        pair = sum(terms[first : first + 2])
        value = value + np.clip(pair, -(2.0**15), 2.0**15 - 1) - pair
    return value


def _stored_products(asked: Computation) -> Iterator[Array]:
    """Yield the products of each tap of each channel with what the window has there, zero points not subtracted."""
    problem, (zero_x, zero_w) = asked.problem, asked.zero_points
    x = np.pad(asked.arrays[0] + zero_x, ((0, 0), (0, 0), *problem.padding), constant_values=zero_x)
    w, channels = asked.arrays[1] + zero_w, problem.in_channels // problem.groups
    axes = problem.dilation, problem.stride, problem.output_size
    for channel, *tap in np.ndindex(w.shape[1:]):
        windows = (slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, s, o in zip(tap, *axes, strict=True))
        read = x[(slice(None), slice(channel, None, channels), *windows)]
        weights: Array = w[(slice(None), channel, *tap)]
        yield np.repeat(read, problem.out_channels // problem.groups, axis=1) * along_axis(weights, 1, x.ndim)


def _with(arrays: tuple[Array, ...], index: int, array: Array) -> tuple[Array, ...]:
    return (*arrays[:index], array, *arrays[index + 1 :])


HYPOTHESES = (
    Hypothesis.of("zero-point-ignored", zero_point_ignored, "a zero point"),
    Hypothesis.of("zero-point-not-in-padding", zero_point_not_in_padding, "a zero point", "padding"),
    Hypothesis.of("signed-as-unsigned", signed_as_unsigned, "integers"),
    Hypothesis.of("products-in-16-bits", products_in_16_bits, "integers"),
)
