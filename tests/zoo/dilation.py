"""The dilation: ignored, off by one, on the wrong array."""

from dataclasses import replace

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import (
    Family,
    both,
    depthwise,
    dilated,
    grouped,
    issue,
    misread,
    ones,
    planar,
    sized,
    strided,
    when,
)
from tests.zoo.tap_loops import Reading

_member = Family("dilation")


def _one_more(problem: Problem) -> tap_loops.Size:
    return tuple(d + 1 for d in problem.dilation)


def _one_less(problem: Problem) -> tap_loops.Size:
    return tuple(max(1, d - 1) for d in problem.dilation)


def _dilated_columns(problem: Problem) -> bool:
    return planar(problem) and problem.dilation[-1] > 1


def _row_pointer_off(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Each row of the kernel reads the padded image ``dilation - 1`` elements further in memory than the one before."""
    x, w = arrays
    padding = tuple((0, 0) for _ in problem.padding)
    padded = tap_loops.surrounded(x, tuple(lo for lo, _ in problem.padding), problem.padded_size)
    total = np.zeros(problem.result_shape(operation), x.dtype)
    for row in range(problem.kernel_size[-2]):
        kernel = np.zeros_like(w)
        kernel[..., row, :] = w[..., row, :]
        moved = np.roll(padded.reshape(*x.shape[:2], -1), -row * (problem.dilation[-1] - 1), axis=-1).reshape(
            padded.shape
        )
        total += misread(padding=lambda p: padding)(operation, problem, (moved, kernel), None)
    return total


def _kernel_with_gap_at_end(problem: Problem) -> tap_loops.Size:
    """The positions of a kernel that takes ``kernel * dilation`` elements, the gap after its last tap included."""
    axes = zip(problem.padded_size, problem.kernel_size, problem.stride, problem.dilation, strict=True)
    return tuple(max(0, (p - k * d) // s + 1) for p, k, s, d in axes)


def _input_dilated(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    x, w = arrays
    spread = np.zeros(
        (*x.shape[:2], *(max(0, (i - 1) * d + 1) for i, d in zip(x.shape[2:], problem.dilation, strict=True))), x.dtype
    )
    spread[tap_loops.spatial(*(slice(None, None, d) for d in problem.dilation))] = x
    return misread(dilation=ones, resized=True)(operation, problem, (spread, w), bias)


def _aligned_to_end(problem: Problem) -> tap_loops.Pairs:
    """The padding under which an undilated kernel ends where the dilated one does."""
    axes = zip(problem.kernel_size, problem.dilation, problem.padding, strict=True)
    return tuple((lo - (d - 1) * (k - 1), hi) for k, d, (lo, hi) in axes)


def _undilated_size(problem: Problem) -> tap_loops.Size:
    """The smallest input that a kernel without its dilation needs."""
    undilated = replace(Reading.of(problem), dilation=ones(problem))
    return tap_loops.input_size(undilated, problem.output_size, problem.kernel_size)


MEMBERS = (
    _member(
        "depthwise-dilation-ignored",
        "Ignores the dilation of a depthwise convolution.",
        FORWARD,
        when(depthwise, misread(dilation=ones, resized=True)),
        "dilation-ignored",
        issue("tensorflow/tensorflow#19992"),
    ),
    _member(
        "dilation-ignored",
        "Ignores the dilation.",
        FORWARD,
        misread(dilation=ones, resized=True),
        "dilation-ignored",
    ),
    _member(
        "input-gradient-dilation-ignored",
        "Ignores the dilation in the input gradient, of the right size.",
        INPUT_GRADIENT,
        misread(dilation=ones),
        "dilation-ignored",
    ),
    _member(
        "filter-gradient-dilation-ignored",
        "Ignores the dilation in the filter gradient.",
        FILTER_GRADIENT,
        misread(dilation=ones),
        "dilation-ignored",
    ),
    _member(
        "dilation-ignored-when-strided",
        "Ignores the dilation when there is a stride.",
        FORWARD,
        when(strided, misread(dilation=ones)),
        "dilation-ignored",
    ),
    _member(
        "filter-gradient-dilation-ignored-in-groups",
        "Ignores the dilation in the filter gradient when there are groups.",
        FILTER_GRADIENT,
        when(both(grouped, dilated), misread(dilation=ones)),
        "dilation-ignored",
    ),
    _member(
        "dilation-one-too-large",
        "Takes the dilation for the number of elements between two taps.",
        FORWARD,
        misread(dilation=_one_more, resized=True),
        "dilation-off-by-one",
        issue("ddbourgin/numpy-ml#27"),
    ),
    _member(
        "dilation-one-too-small",
        "Counts a dilation of 1 as none and one of 2 as 1.",
        FORWARD,
        misread(dilation=_one_less, resized=True),
        "dilation-off-by-one",
    ),
    _member(
        "row-pointer-off",
        "Steps from one row of a dilated kernel to the next by too many elements in memory.",
        FORWARD,
        when(_dilated_columns, _row_pointer_off),
        None,
        issue("Tencent/ncnn#75"),
    ),
    _member(
        "dilated-kernel-with-gap-at-end",
        "Counts the gap after the last tap as part of the dilated kernel.",
        FORWARD,
        sized(_kernel_with_gap_at_end),
    ),
    _member(
        "input-dilated-for-kernel",
        "Dilates the input in place of the kernel.",
        FORWARD,
        when(dilated, _input_dilated),
    ),
    _member(
        "transposed-dilation-ignored-and-aligned-to-end",
        "Ignores the dilation of a transposed convolution and ends the result where the dilated kernel would.",
        ("conv_transpose",),
        misread(dilation=ones, padding=_aligned_to_end),
        "dilation-ignored",
        issue("apache/mxnet#11629"),
    ),
    _member(
        "input-gradient-of-undilated-size",
        "Computes the size of the input gradient from the kernel without its dilation.",
        ("conv_input_grad",),
        when(dilated, sized(_undilated_size)),
        None,
        issue("Theano/Theano#4729"),
    ),
    _member(
        "dilation-on-first-axis-only",
        "Dilates the kernel's first axis only.",
        FORWARD,
        misread(dilation=lambda p: (p.dilation[0], *(1,) * (p.rank - 1))),
        "dilation-ignored",
    ),
)
