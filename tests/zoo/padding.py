"""The padding: ignored, on the wrong side, of the wrong width, of other values than 0."""

from functools import partial
from typing import Any

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Run
from tests.zoo.mutants import (
    Family,
    grouped,
    issue,
    leftover,
    misread,
    no_padding,
    padded,
    sides_swapped,
    strided,
    when,
)

_member = Family("padding")


def _begin_for_both(problem: Problem) -> tap_loops.Pairs:
    return tuple((lo, lo) for lo, _ in problem.padding)


def _end_for_both(problem: Problem) -> tap_loops.Pairs:
    return tuple((hi, hi) for _, hi in problem.padding)


def _begin_only(problem: Problem) -> tap_loops.Pairs:
    return tuple((lo, min(0, hi)) for lo, hi in problem.padding)


def _evened_out(problem: Problem) -> tap_loops.Pairs:
    return tuple(((lo + hi) // 2, lo + hi - (lo + hi) // 2) for lo, hi in problem.padding)


def _one_less(problem: Problem) -> tap_loops.Pairs:
    return tuple((min(lo, max(lo - 1, 0)), min(hi, max(hi - 1, 0))) for lo, hi in problem.padding)


def _twice(problem: Problem) -> tap_loops.Pairs:
    return tuple((lo + max(lo, 0), hi + max(hi, 0)) for lo, hi in problem.padding)


def _not_negative(problem: Problem) -> tap_loops.Pairs:
    return tuple((max(0, lo), max(0, hi)) for lo, hi in problem.padding)


def _below_kernel(problem: Problem) -> tap_loops.Pairs:
    axes = zip(problem.effective_kernel, problem.padding, strict=True)
    return tuple((min(lo, e - 1), min(hi, e - 1)) for e, (lo, hi) in axes)


def _to_middle_of_kernel(problem: Problem) -> tap_loops.Pairs:
    return tuple((min(lo, k // 2), hi) for k, (lo, hi) in zip(problem.kernel_size, problem.padding, strict=True))


def _full(problem: Problem) -> tap_loops.Pairs:
    return tuple((e - 1, e - 1) for e in problem.effective_kernel)


def _same(problem: Problem) -> tap_loops.Pairs:
    return tuple(((e - 1) // 2, e // 2) for e in problem.effective_kernel)


def _unpadded(problem: Problem) -> bool:
    return not any(any(pair) for pair in problem.padding)


def _padded_fully(problem: Problem) -> bool:
    return problem.padding == _full(problem) and not _unpadded(problem)


def _unequal_axes(problem: Problem) -> bool:
    return len(set(problem.padding)) > 1


def _one_or_two(problem: Problem) -> tap_loops.Pairs:
    """What an implementation for kernels of 3 makes of SAME and of full."""
    width = {"same_upper": 1, "same_lower": 1, "full": 2}
    return tuple((width.get(problem.symbol or "", lo), hi) for lo, hi in problem.padding)


def _surrounded_by(fill: Any) -> Run:
    """Return an implementation that pads with what ``fill(cropped input, width per axis)`` gives."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        x, w = arrays
        kept = tuple(
            slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in zip(x.shape[2:], problem.padding, strict=True)
        )
        cropped = x[tap_loops.spatial(*kept)]
        if not cropped.size:
            return tap_loops.apply(operation, problem, arrays, bias)
        wide = fill(cropped, ((0, 0), (0, 0), *_not_negative(problem)))
        return misread(padding=no_padding)(operation, problem, (wide, w), bias)

    return run


def _mode(mode: str) -> Run:
    return _surrounded_by(partial(np.pad, mode=mode))


def _with_ones(x: Array, width: Any) -> Array:
    return np.pad(x, width, constant_values=1)


def _unwritten_at_end(x: Array, width: Any) -> Array:
    """Zeros before, and after the last row what memory holds."""
    wide = np.pad(x, width)
    hi = width[2][1]
    if hi:
        last = wide[:, :, -hi:]
        last[...] = leftover(last.shape, last.dtype)
    return wide


def _beyond_begin_unwritten(x: Array, width: Any) -> Array:
    """A buffer with the padding of the begin on both sides, and what lies behind it in memory."""
    wide = np.pad(x, width)
    for axis, (lo, hi) in enumerate(width):
        if hi > lo:
            beyond = np.moveaxis(wide, axis, 0)[lo - hi :]
            beyond[...] = leftover(beyond.shape, beyond.dtype)
    return wide


def _winograd(problem: Problem) -> bool:
    return set(problem.kernel_size) == {3} and not strided(problem)


MEMBERS = (
    _member(
        "padding-ignored", "Ignores the padding.", FORWARD, misread(padding=no_padding, resized=True), "padding-ignored"
    ),
    _member(
        "padding-ignored-for-kernels-of-three",
        "Ignores the padding on the fast path for kernels of 3 without a stride, in a result of the right size.",
        FORWARD,
        when(_winograd, misread(padding=no_padding)),
        "padding-ignored",
        issue("openvinotoolkit/openvino#33681"),
    ),
    _member(
        "input-gradient-padding-ignored",
        "Does not crop the padding off the input gradient.",
        INPUT_GRADIENT,
        misread(padding=no_padding, resized=True),
        "padding-ignored",
    ),
    _member(
        "filter-gradient-padding-ignored",
        "Reads the input without its padding in the filter gradient.",
        FILTER_GRADIENT,
        misread(padding=no_padding),
        "padding-ignored",
    ),
    _member(
        "unequal-padding-ignored",
        "Takes a padding that differs by axis for none.",
        FORWARD,
        when(_unequal_axes, misread(padding=no_padding, resized=True)),
        "padding-ignored",
        issue("dotnet/TorchSharp#496"),
    ),
    _member(
        "padding-ignored-in-groups",
        "Ignores the padding when there are groups.",
        FORWARD,
        when(grouped, misread(padding=no_padding, resized=True)),
        "padding-ignored",
    ),
    _member(
        "padding-sides-swapped",
        "Pads the end as the begin should be and the other way round.",
        FORWARD,
        misread(padding=sides_swapped, resized=True),
        "padding-sides-swapped",
    ),
    _member(
        "input-gradient-padding-sides-swapped",
        "Crops the end of the input gradient as the begin should be and the other way round.",
        INPUT_GRADIENT,
        misread(padding=sides_swapped),
        "padding-sides-swapped",
    ),
    _member(
        "filter-gradient-padding-sides-swapped",
        "Pads the end as the begin should be and the other way round in the filter gradient.",
        FILTER_GRADIENT,
        misread(padding=sides_swapped),
        "padding-sides-swapped",
    ),
    _member(
        "begin-padding-for-both-sides",
        "Pads both sides as the begin.",
        FORWARD,
        misread(padding=_begin_for_both, resized=True),
        "begin-padding-for-both",
    ),
    _member(
        "transposed-begin-padding-for-both-sides",
        "Crops both sides of a transposed convolution as the begin.",
        ("conv_transpose",),
        misread(padding=_begin_for_both, resized=True),
        "begin-padding-for-both",
        issue("ARM-software/ComputeLibrary#743"),
    ),
    _member(
        "begin-padding-for-both-sides-read-beyond",
        "Pads both sides as the begin and reads on behind the buffer where the end is wider.",
        FORWARD,
        _surrounded_by(_beyond_begin_unwritten),
        "border-only",
        issue("ml-explore/mlx#2038"),
    ),
    _member(
        "end-padding-for-both-sides",
        "Pads both sides as the end.",
        FORWARD,
        misread(padding=_end_for_both, resized=True),
        "end-padding-for-both",
    ),
    _member(
        "padding-at-begin-only",
        "Pads the begin only.",
        FORWARD,
        misread(padding=_begin_only, resized=True),
        "padding-one-side-ignored",
    ),
    _member(
        "padding-evened-out",
        "Distributes an unequal padding evenly over both sides.",
        FORWARD,
        misread(padding=_evened_out),
    ),
    _member("edge-padding", "Pads with the nearest element.", FORWARD, _mode("edge"), "edge-padding-for-zero"),
    _member(
        "reflected-padding", "Pads with the mirrored input.", FORWARD, _mode("reflect"), "reflect-padding-for-zero"
    ),
    _member(
        "wrapped-padding",
        "Pads with the other end of the input, as a product of Fourier transforms does.",
        FORWARD,
        _mode("wrap"),
        "wrap-padding-for-zero",
    ),
    _member("padded-with-ones", "Pads with ones.", FORWARD, _surrounded_by(_with_ones), "border-only"),
    _member(
        "padding-row-unwritten",
        "Leaves the rows of the padding at the end as the memory was.",
        FORWARD,
        _surrounded_by(_unwritten_at_end),
        "border-only",
        issue("pytorch/pytorch#49268"),
    ),
    _member(
        "padding-one-short",
        "Pads every side by one element less.",
        FORWARD,
        misread(padding=_one_less, resized=True),
        "padding-off-by-one",
    ),
    _member(
        "padding-twice",
        "Pads by the call and once more inside it.",
        FORWARD,
        misread(padding=_twice, resized=True),
        "padding-twice",
    ),
    _member(
        "negative-padding-as-none",
        "Takes a negative padding for none.",
        FORWARD,
        misread(padding=_not_negative, resized=True),
    ),
    _member(
        "padding-below-kernel",
        "Pads by no more than the kernel needs for one row, whatever was asked.",
        FORWARD,
        misread(padding=_below_kernel, resized=True),
    ),
    _member(
        "input-gradient-cropped-to-middle",
        "Crops the input gradient by no more than half of the kernel.",
        INPUT_GRADIENT,
        misread(padding=_to_middle_of_kernel),
        None,
        issue("ROCm/MIOpen#1916"),
    ),
    _member(
        "full-for-valid",
        "Computes every position at which the kernel meets the input where only those inside it are wanted.",
        FORWARD,
        when(_unpadded, misread(padding=_full, resized=True)),
        "full-for-valid",
    ),
    _member(
        "valid-for-full",
        "Computes only the positions inside the input where every position that meets it is wanted.",
        FORWARD,
        when(_padded_fully, misread(padding=no_padding, resized=True)),
        "valid-for-full",
    ),
    _member(
        "same-for-valid",
        "Keeps the input's size where no padding was asked for.",
        FORWARD,
        when(_unpadded, misread(padding=_same, resized=True)),
        "same-for-valid",
    ),
    _member(
        "input-gradient-padding-of-kernel-three",
        "Folds the columns of SAME with a padding of 1 and those of full with 2, whatever the kernel.",
        INPUT_GRADIENT,
        misread(padding=_one_or_two),
        None,
        "https://csharp.hotexamples.com",
    ),
    _member(
        "padding-ignored-when-strided",
        "Ignores the padding of the input gradient when there is a stride.",
        INPUT_GRADIENT,
        when(lambda p: strided(p) and padded(p), misread(padding=no_padding)),
        "padding-ignored",
    ),
)
