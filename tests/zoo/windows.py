"""Windows, sides and shapes: what each tap meets, which side a loop runs along, and what is left of a result."""

from itertools import product

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Run
from tests.zoo.mutants import (
    Family,
    answer,
    data,
    filters,
    large,
    leftover,
    misread,
    padded,
    planar,
    right,
    rotated,
    strided,
    when,
)

_member = Family("windows")


def _cropped(y: Array, problem: Problem) -> Array:
    """Crop the result out of one that is as much longer as the padding is, by its two ends."""
    pairs = [(max(lo, 0), max(hi, 0)) for lo, hi in problem.padding]
    longer = np.pad(y, ((0, 0), (0, 0), *pairs))
    return longer[(..., *(slice(lo, -hi) for lo, hi in pairs))]


def _side_by_side(problem: Problem) -> tap_loops.Size:
    return problem.kernel_size


def _stride_squared(problem: Problem) -> tap_loops.Size:
    return tuple(step * step for step in problem.stride)


def _moved_into_the_data(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Begin a window that would begin in the padding at the first element of the data."""
    x, w = arrays
    y = right(operation, problem, arrays, bias)
    if not y.size:
        return y
    for position in product(*map(range, y.shape[2:])):
        axes = zip(position, problem.stride, problem.padding, strict=True)
        starts = [p * s - lo for p, s, (lo, _) in axes]
        if min(starts) < 0:
            y[(..., *position)] = _of_window(problem, x, w, [max(start, 0) for start in starts], bias)
    return y


def _of_window(problem: Problem, x: Array, w: Array, starts: list[int], bias: Array | None) -> Array:
    window = x[(..., *(slice(start, None, d) for start, d in zip(starts, problem.dilation, strict=True)))]
    window = window[(..., *map(slice, w.shape[2:]))]
    kernel = w[(..., *map(slice, window.shape[2:]))]
    taps = window.shape[2:]
    unpadded = tap_loops.Reading((1,) * problem.rank, ((0, 0),) * problem.rank, (1,) * problem.rank, problem.groups)
    if 0 in taps:
        result = np.zeros((len(x), len(w)), x.dtype)
        return result if bias is None else result + bias
    value = tap_loops.apply("conv", problem, (window, kernel), bias, reading=unpadded, size=(1,) * problem.rank)
    return value.reshape(value.shape[:2])


def _columns_up_to_height(y: Array, problem: Problem) -> Array:
    y[..., y.shape[-2] :] = 0
    return y


def _taps_up_to_height(w: Array, problem: Problem) -> Array:
    w = w.copy()
    w[..., w.shape[-2] :] = 0
    return w


def _written_by_height(y: Array, problem: Problem) -> Array:
    height, width = y.shape[-2:]
    planes, moved = y.reshape(*y.shape[:-2], height * width), np.zeros_like(y).reshape(*y.shape[:-2], height * width)
    for row, column in product(range(height), range(width)):
        if row * height + column < height * width:
            moved[..., row * height + column] = planes[..., row * width + column]
    return moved.reshape(y.shape)


def _view_with_strides_exchanged(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Read beyond the padded data where the exchanged strides lead there."""
    y = misread(stride=lambda p: p.stride[::-1])(operation, problem, arrays, bias)
    axes = zip(problem.stride[::-1], problem.effective_kernel, problem.padded_size, strict=True)
    for axis, (stride, extent, size) in enumerate(axes, 2):
        beyond = np.arange(y.shape[axis]) * stride + extent > size
        index = (slice(None),) * axis + (beyond,)
        y[index] = leftover(y[index].shape, y.dtype)
    return y


def _channels_summed(x: Array, problem: Problem) -> Array:
    blocks = x.reshape(len(x), problem.groups, x.shape[1] // problem.groups, *x.shape[2:])
    return np.broadcast_to(blocks.sum(axis=2, keepdims=True), blocks.shape).reshape(x.shape).astype(x.dtype)


def _later_images(x: Array, problem: Problem) -> Array:
    by = max(max(pair) for pair in problem.padding)
    return np.concatenate([np.zeros_like(x[:1])] * by + [x])[: len(x)]


def _circular(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum windows that begin at each element and go on at the start of the data, and crop to the size wanted."""
    x, w = arrays
    if problem.groups > 1 or max(*problem.stride, *problem.dilation) > 1 or any(map(any, problem.padding)):
        return right(operation, problem, arrays, bias)
    wide = np.pad(x, ((0, 0), (0, 0), *((0, size - 1) for size in problem.kernel_size)), mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(wide, problem.kernel_size, tuple(range(2, x.ndim)))
    axes = tuple(range(problem.rank))
    y = np.tensordot(windows, w, ((1, *(axis - problem.rank for axis in axes)), tuple(range(1, w.ndim))))
    y = np.moveaxis(y, -1, 1) + (0 if bias is None else bias.reshape(1, -1, *[1] * problem.rank))
    return y.astype(x.dtype)


def _next_filters(w: Array, problem: Problem) -> Array:
    return np.roll(w, len(w) // problem.groups, axis=0)


def _images_from_second_on(y: Array, problem: Problem) -> Array:
    y[1:] += y.dtype.type(1)
    return y


def _cached_by_shape() -> Run:
    """The result is kept under the shapes of the operands."""
    results: dict[tuple[object, ...], Array] = {}

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        key = (operation, problem, arrays[0].dtype, bias is None)
        if key not in results:
            results[key] = right(operation, problem, arrays, bias)
        return results[key].copy()

    return run


def _of_narrow_range(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    y = right(operation, problem, arrays, bias)
    magnitudes = right(operation, problem, tuple(np.abs(array) for array in arrays), None)
    y[magnitudes > magnitudes.max(initial=0) / 2] = np.inf
    return y


MEMBERS = (
    _member(
        "cropped-to-minus-zero",
        "Crops the padding off with [lo:-hi], which is empty where hi is 0.",
        INPUT_GRADIENT,
        answer(_cropped),
        "crop-to-minus-zero",
    ),
    _member(
        "squeezed",
        "Squeezes the axes of size 1 out of the result, of which the batch may be one.",
        FORWARD,
        answer(lambda y, problem: y.squeeze()),
        "axes-of-size-1",
    ),
    _member(
        "bias-gradient-as-column",
        "Returns the bias gradient as a column.",
        ("conv_bias_grad",),
        answer(lambda y, problem: y.reshape(-1, 1)),
        "axes-of-size-1",
    ),
    _member(
        "result-height-for-width",
        "Returns the result with its last two axes exchanged.",
        (*FORWARD, *INPUT_GRADIENT),
        when(planar, answer(lambda y, problem: y.swapaxes(-1, -2))),
        "result-axes-swapped",
    ),
    _member(
        "kernel-correlated-with-image",
        "Correlates the kernel with the image in place of the image with the kernel, which turns the result round.",
        FORWARD,
        answer(rotated),
        "result-rotated",
    ),
    _member(
        "columns-up-to-height",
        "Runs the loop over the columns of the result up to its height.",
        FORWARD,
        when(planar, answer(_columns_up_to_height)),
        "side-for-both",
    ),
    _member(
        "taps-up-to-height",
        "Runs the loop over the columns of the kernel up to its height.",
        (*FORWARD, *INPUT_GRADIENT),
        when(planar, filters(_taps_up_to_height)),
        "side-for-both",
    ),
    _member(
        "written-at-row-times-height",
        "Writes element (row, column) of the result to row * height + column.",
        FORWARD,
        when(lambda p: p.rank == 2, answer(_written_by_height)),
        "flat-index-of-other-side",
    ),
    _member(
        "stride-squared",
        "Multiplies a position that already runs in steps of the stride by the stride.",
        INPUT_GRADIENT,
        misread(stride=_stride_squared),
        "columns-misplaced",
    ),
    _member(
        "windows-side-by-side",
        "Adds the columns back side by side, in steps of the kernel.",
        INPUT_GRADIENT,
        misread(stride=_side_by_side),
        "columns-misplaced",
    ),
    _member(
        "window-moved-into-data",
        "Begins a window that begins in the padding at the first element of the data.",
        ("conv",),
        when(padded, _moved_into_the_data),
        "window-clamped",
    ),
    _member(
        "view-with-strides-exchanged",
        "Makes a view of windows with the strides of rows and columns exchanged, which reads beyond the data.",
        FORWARD,
        when(lambda p: planar(p) and strided(p), _view_with_strides_exchanged),
        "stride-axes-swapped",
    ),
    _member(
        "channels-summed-first",
        "Adds up the channels of the input before it multiplies them with the filter.",
        (*FORWARD, *FILTER_GRADIENT),
        large(_channels_summed),
        "channels-summed-first",
    ),
    _member(
        "results-of-channels-summed",
        "Adds up the results of all output channels, and gives the sum for each.",
        FORWARD,
        answer(lambda y, problem: np.broadcast_to(y.sum(axis=1, keepdims=True), y.shape).astype(y.dtype)),
        "results-summed",
    ),
    _member(
        "sum-goes-on-along-rows",
        "Sets the sum to zero before each row of results, not before each result.",
        FORWARD,
        answer(lambda y, problem: y.cumsum(axis=-1, dtype=y.dtype)),
        "sum-not-reset",
    ),
    _member(
        "batch-padded-too",
        "Pads the batch like the rows, and reads the images from the first on.",
        ("conv",),
        when(padded, data(_later_images)),
        "other-axes-padded",
    ),
    _member(
        "spectra-of-the-image-size",
        "Multiplies transforms of the size of the image, so that what leaves it at one end comes in at the other.",
        ("conv",),
        _circular,
        "circular",
    ),
    _member(
        "filters-of-next-group",
        "Computes every group with the filters of the group before it.",
        (*FORWARD, *INPUT_GRADIENT),
        filters(_next_filters),
        "groups-exchanged",
    ),
    _member(
        "images-from-second-on",
        "Is off by one from the second image on.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_images_from_second_on),
        "later-images-wrong",
    ),
    _member.remembering(
        "result-cached-by-shape",
        "Returns the result of the first call with operands of the same shapes.",
        (*FORWARD, *INPUT_GRADIENT, *FILTER_GRADIENT),
        _cached_by_shape,
        "earlier-result",
    ),
    _member(
        "sums-of-narrow-range",
        "Adds up in a format whose range ends at half of the largest sum of magnitudes.",
        FORWARD,
        _of_narrow_range,
        "partial-sums-overflow",
    ),
)
