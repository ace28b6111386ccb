"""Where an answer is wrong: the worst element, how the wrong ones are spread, and a map of the worst one's plane."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convformance.judging.axes import axis_names, hit_indices
from convformance.judging.bounds import Trial
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME

Record = dict[str, Any]

# A map is a picture for a report: 64 x 64 bytes are seen at one glance, and a record keeps thousands of them.
LARGEST_SIDE = 64
# The levels of a map. Errors lie between a thousandth of the bound and infinity: 8 steps to a doubling spread 2**-16 to
# 2**16 times the bound over one byte.
EXACT, LEAST, BOUND, MOST, NOT_FINITE = 0, 1, 128, 254, 255
STEPS_PER_DOUBLING = 8
# A list of more runs than that is cut off, so that a message stays one line.
_MOST_RUNS, _FIRST_RUNS = 8, 6

# Names of the spatial axes, and of one and several indices along each.
_SPATIAL = {"D": ("slice", "slices"), "H": ("row", "rows"), "W": ("column", "columns")}
# Names of the axes that come before the spatial ones in a result.
_LEADING = {"filter_shape": ("filter", "channel"), "bias_shape": ("channel",), "activation": ("image", "channel")}


def worst_element(result: FillResult, ratio: Array, bound: Array) -> Record:
    """Return the element with the largest share of its bound as the record keeps it."""
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    allowed = np.broadcast_to(result.trial.unscaled(bound), ratio.shape)
    got, want = result.value[index], result.want[index]
    part = _worse_part(got, want) if np.iscomplexobj(result.want) else ""
    if part:
        got, want = (number.imag if part == "imaginary" else number.real for number in (got, want))
    numbers = {"got": got, "want": want, "bound": allowed[index]}
    return {
        "fill": result.trial.name,
        "index": [int(entry) for entry in index],
        **{name: float(number) for name, number in numbers.items()},
        **({"part": part} if part else {}),
    }


def _worse_part(got: complex, want: complex) -> str:
    """Return ``real`` or ``imaginary``, whichever is further off."""
    real, imaginary = abs(got.real - want.real), abs(got.imag - want.imag)
    return "imaginary" if not np.isfinite(got.imag) or imaginary > real else "real"


def measure_spread(trial: Trial, wrong: Array) -> Record:
    """Return how many elements are wrong, in which channels, and where, as text; ``wrong`` is a mask of the result."""
    count, total = int(wrong.sum()), wrong.size
    names = _leading(trial, wrong.ndim)
    hits = [hit_indices(wrong, axis) for axis in range(wrong.ndim)]
    channels = hits[_channel_axis(names)]
    return {"wrong": count, "of": total, "channels": channels.tolist(), "words": _where(trial, wrong, hits, names)}


def spread_text(spread: Mapping[str, Any]) -> str:
    """Return a spread as one sentence without a full stop."""
    wrong, of = spread["wrong"], spread["of"]
    count = f"all {of} elements" if wrong == of else f"{wrong} of {of} elements"
    return ", ".join(filter(None, (count, spread["words"])))


def _leading(trial: Trial, rank: int) -> tuple[str, ...]:
    if rank == 1:
        return _LEADING["bias_shape"]
    return _LEADING["filter_shape" if BY_NAME[trial.operation].result == "filter" else "activation"]


def _channel_axis(names: Sequence[str]) -> int:
    """Return the axis of output channels: that of the filters in a filter gradient."""
    return names.index("filter") if "filter" in names else names.index("channel")


def _where(trial: Trial, wrong: Array, hits: Sequence[Array], names: Sequence[str]) -> str:
    region = _region(trial, wrong, hits[len(names) :])
    parts = [f"only {region}" if region else ""]
    parts += [_among(name, hit, size) for name, hit, size in zip(names, hits, wrong.shape, strict=False)]
    return ", ".join(filter(None, parts))


def _region(trial: Trial, wrong: Array, hits: Sequence[Array]) -> str:
    """Return where in space the wrong elements lie, or nothing when they are all over it.

    The border is where an element sums fewer products than others do, the interior the rest.
    """
    border = np.broadcast_to(trial.K.max() > trial.K, wrong.shape)
    interior = ~border
    along = _along_axes(wrong.shape, hits)
    if border.any() and not (wrong & border).any() and (wrong.any(axis=(0, 1)) == interior.any(axis=(0, 1))).all():
        return "in the interior"
    if border.any() and not along and not (wrong & interior).any():
        return "at the border"
    return "in " + " and ".join(along) if along else ""


def _along_axes(shape: Sequence[int], hits: Sequence[Array]) -> list[str]:
    """Return which indices are hit along each spatial axis, without the axes where all are."""
    axes = zip(axis_names(len(hits)), hits, shape[len(shape) - len(hits) :], strict=True)
    return list(filter(None, (_along(*axis) for axis in axes)))


def _along(axis: str, hit: Array, size: int) -> str:
    """Return which rows, columns or slices are hit, or nothing when all are."""
    if len(hit) == size:
        return ""
    single, several = _SPATIAL[axis]
    indices = tuple(hit.tolist())
    ends = {(0,): "the first", (size - 1,): "the last", (0, size - 1): "the first and last"}
    if indices in ends:
        return f"{ends[indices]} {single} of axis {axis}"
    return f"{single if len(indices) == 1 else several} {_ranges(indices)} of axis {axis}"


def _among(name: str, hit: Array, size: int) -> str:
    """Return which of ``size`` images, filters or channels are hit, or nothing when all are."""
    if len(hit) == size:
        return ""
    return f"{name}{'' if len(hit) == 1 else 's'} {_ranges(hit.tolist())} of {size}"


def _ranges(indices: Sequence[int]) -> str:
    """Return sorted integers with runs joined, ``0, 2-4``; a long list is cut off."""
    starts = [index for index in indices if index - 1 not in indices]
    ends = [index for index in indices if index + 1 not in indices]
    runs = [str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(runs if len(runs) <= _MOST_RUNS else (*runs[:_FIRST_RUNS], "...", runs[-1]))


def error_map(ratio: Array, index: Sequence[int]) -> Record:
    """Return the plane of ``ratio`` that holds ``index``, one byte an element, as the record keeps it.

    0 is exact, 128 the bound, each step of 8 a factor of two; 255 is not finite. Planes wider than 64 are reduced by
    their maxima.
    """
    axes_shown = min(max(ratio.ndim - 2, 1), 2)  # one spatial axis, or a bias gradient, makes a plane of one row
    leading = tuple(index[: ratio.ndim - axes_shown])
    plane = _reduced(np.atleast_2d(ratio[leading]))
    with np.errstate(divide="ignore"):
        levels = np.clip(np.round(BOUND + STEPS_PER_DOUBLING * np.log2(plane)), LEAST, MOST)
    cells = np.where(plane == 0, EXACT, np.where(np.isfinite(plane), levels, NOT_FINITE)).astype(np.uint8)
    spatial = axis_names(ratio.ndim - 2)[-2:] if ratio.ndim > 1 else ("channel",)
    axes = ["", *spatial] if len(spatial) == 1 else list(spatial)
    shape = [int(side) for side in cells.shape]
    return {
        "index": list(leading),
        "axes": axes,
        "shape": shape,
        "cells": base64.b64encode(cells.tobytes()).decode("ascii"),
    }


def _reduced(plane: Array) -> Array:
    """Return ``plane`` with each side cut into at most 64 blocks of nearly equal length, and the maximum of each."""
    for axis, size in enumerate(plane.shape):
        if size > LARGEST_SIDE:
            plane = np.maximum.reduceat(plane, np.arange(LARGEST_SIDE) * size // LARGEST_SIDE, axis=axis)
    return plane
