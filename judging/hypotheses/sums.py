"""Mistakes with what is summed and what is made of the sum: batch, factor, sign, bias, range."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.judging.hypotheses.numbers import named_numbers
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

_LARGEST_DENOMINATOR = 4096
_BITS = (8, 16, 32)


def _only(axis: int, indices: slice, array: Array) -> Array:
    """Return ``array`` with everything else than ``indices`` along ``axis`` set to 0."""
    only = np.zeros_like(array)
    index = (slice(None),) * axis + (indices,)
    only[index] = array[index]
    return only


def _only_last(axes: tuple[int, ...], array: Array) -> Array:
    for axis in axes:
        array = _only(axis, slice(-1, None), array)
    return array


def overwritten(asked: Computation) -> Iterator[Prediction]:
    """Terms that are to be added up overwrite each other: only the last one is left.

    Write += where a sum is meant, into an array that starts with zeros.
    """
    space = tuple(range(2, asked.rank + 2))
    if "filter" not in asked.reads:
        yield "over the positions", asked.mapped("output", partial(_only_last, space))
        yield "over batch and positions", asked.mapped("output", partial(_only_last, (0, *space)))
        return
    groups, channels = asked.problem.groups, 1 if asked.gives == "output" else 0
    half = asked.operand("filter").shape[channels] // (2 if channels else 2 * groups)
    yield "over halves of the channels", asked.mapped("filter", partial(_later_half, groups, channels, half))
    yield "over the channels", asked.mapped("filter", partial(_last_of_group, groups, channels))
    yield "over the taps", asked.mapped("filter", partial(_only_last, space))
    if asked.gives == "input":
        for detail, backwards in (("where windows overlap", True), ("tap by tap", False)):
            last_write = partial(_last_write, asked, backwards)
            yield detail, replace(asked, changes=(last_write, *asked.changes))


def _last_of_group(groups: int, axis: int, kernel: Array) -> Array:
    """Return the filter with all but the last channel that is summed set to 0, of the inputs or a group's outputs."""
    if axis == 1:
        return _only(1, slice(-1, None), kernel)
    size = len(kernel) // groups
    return _only(0, slice(size - 1, None, size), kernel)


def _later_half(groups: int, axis: int, half: int, kernel: Array) -> Array:
    """Return the filter with the first ``half`` of the channels that are summed set to 0, in each group."""
    blocks = 1 if axis else groups
    size = kernel.shape[axis] // blocks
    later = np.tile(np.arange(size) >= half, blocks)
    return kernel * along_axis(later, axis, kernel.ndim)


def _last_write(asked: Computation, backwards: bool, _: Array) -> Array:
    """Return an input gradient whose windows are written, not added: by position, the last of which wins, or by tap."""
    value = np.zeros(asked.problem.input_shape)
    taps = list(np.ndindex(asked.problem.kernel_size))
    dy, w = asked.operand("output"), asked.operand("filter")
    for tap in taps[::-1] if backwards else taps:
        single = _problem_of_tap(asked.problem, tap)
        if single is not None:
            index: tuple[Any, ...] = (..., *(slice(position, position + 1) for position in tap))
            w_tap = w[index]
            part = operations.apply("conv_input_grad", single, dy, w_tap)
            reached = operations.apply("conv_input_grad", single, np.ones_like(dy), np.ones(w_tap.shape))
            value = np.where(reached > 0, part, value)
    return value


def _problem_of_tap(problem: Problem, tap: tuple[int, ...]) -> Problem | None:
    """Return the problem whose kernel is that tap alone, None where it reads padding only."""
    ones = (1,) * problem.rank
    los = tuple(lo - t * d for (lo, _), t, d in zip(problem.padding, tap, problem.dilation, strict=True))
    axes = zip(problem.input_size, problem.output_size, problem.stride, los, strict=True)
    pairs = tuple((lo, (o - 1) * s + 1 - lo - i) for i, o, s, lo in axes)
    try:
        return replace(problem, kernel_size=ones, dilation=ones, padding=pairs, symbol=None)
    except ValueError:  # it would crop more than there is
        return None


def batch_not_summed(asked: Computation) -> Iterator[Prediction]:
    """A gradient that is to be summed over the batch is that of the first or last image, or there is one for each.

    Sum the gradient of filter and bias over all images.
    """
    if "filter" in asked.reads or asked.problem.batch < 2:
        return
    yield "only the first image counts", asked.mapped("output", partial(_only, 0, slice(0, 1)))
    yield "only the last image counts", asked.mapped("output", partial(_only, 0, slice(-1, None)))
    images = [asked.mapped("output", partial(_only, 0, slice(n, n + 1))) for n in range(asked.problem.batch)]
    yield "one gradient for each image", asked.changed(lambda _: np.stack([image.result for image in images]))


def batch_reversed(asked: Computation) -> Iterator[Prediction]:
    """The images are in reverse order.

    Keep the order of the batch in every array: a [::-1] that is to turn a kernel may reach the batch.
    """
    if asked.gives != "bias":
        name = "output" if asked.gives == "filter" else asked.gives
        yield "", asked.mapped(name, lambda array: array[::-1])


def first_image_for_all(asked: Computation) -> Iterator[Prediction]:
    """Every image holds the result of the same image.

    Let the loop over the batch step through input and output.
    """
    if asked.gives in ("input", "output"):
        yield "", asked.changed(lambda array: np.repeat(array[:1], len(array), axis=0))
        yield "the last", asked.changed(lambda array: np.repeat(array[-1:], len(array), axis=0))


def images_exchanged(asked: Computation) -> Iterator[Prediction]:
    """The images hold each other's results.

    Use the same index of the batch for input and output.
    """
    if asked.gives in ("input", "output"):
        yield "by one", asked.changed(partial(np.roll, shift=1, axis=0))
        yield "by one backwards", asked.changed(partial(np.roll, shift=-1, axis=0))


def scaled(asked: Computation) -> Iterator[Prediction]:
    """Every element is the right one times the same factor.

    Look for a mean in place of a sum, or a factor that is applied twice: the gradients of a convolution are plain sums.
    """
    if asked.answer.shape != asked.result.shape or not asked.result.size or np.iscomplexobj(asked.answer):
        return
    # The largest element shows the factor best: roundings are small beside it.
    largest = np.unravel_index(np.argmax(np.abs(np.nan_to_num(asked.result))), asked.result.shape)
    ratio = float(asked.answer[largest] / asked.result[largest]) if asked.result[largest] else 0.0
    if not np.isfinite(ratio) or abs(ratio) in (0.0, 1.0):
        return
    for label, factor in _factors(asked, ratio):
        multiplied = asked.changed(partial(np.multiply, float(factor)))
        yield f"by {factor}{label}", replace(multiplied, rounded=True)


def _factors(asked: Computation, ratio: float) -> Iterator[tuple[str, Fraction]]:
    """Yield the fractions near ``ratio``, first those that are made of the problem's numbers."""
    for name, number in named_numbers(asked):
        for label, factor in ((name, Fraction(number)), (f"1/({name})", Fraction(1, number))):
            if abs(abs(ratio) / float(factor) - 1) < 2.0**-7:
                yield f" = {'-' if ratio < 0 else ''}{label}", factor if ratio > 0 else -factor
    yield "", Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR)


def sign_flipped(asked: Computation) -> Iterator[Prediction]:
    """Every element has the other sign.

    Look for a subtraction, or a gradient of minus the result.
    """
    yield "", asked.changed(np.negative)


def bias_missing(asked: Computation) -> Iterator[Prediction]:
    """The bias is not added.

    Add bias[o] to every element of output channel o.
    """
    if asked.bias is not None:
        yield "", replace(asked, bias=None)


def bias_twice(asked: Computation) -> Iterator[Prediction]:
    """The bias is added twice.

    Add the bias in one place.
    """
    if asked.bias is not None:
        yield "", replace(asked, bias=2 * asked.bias)


def bias_repeated(asked: Computation) -> Iterator[Prediction]:
    """The bias is added once for every term of a sum, or is subtracted.

    Add the bias after the sum over channels and taps.
    """
    if asked.bias is not None:
        yield "subtracted", replace(asked, bias=-asked.bias)
        for name, number in named_numbers(asked):
            yield f"{number} times = {name}", replace(asked, bias=number * asked.bias)


def bias_on_wrong_axis(asked: Computation) -> Iterator[Prediction]:
    """The bias runs along another axis than the channels, or channels get the bias of others.

    Give the bias the shape (1, channels, 1, ...) before it is added: alone it runs along the last axis.
    """
    if asked.bias is None:
        return
    without = replace(asked, bias=None)
    for axis, size in enumerate(asked.problem.result_shape(asked.operation)):
        if axis != 1:
            repeated = along_axis(np.resize(asked.bias, size), axis, asked.rank + 2)
            yield f"axis {axis}", without.changed(partial(np.add, repeated))
    yield "the first value for all channels", replace(asked, bias=np.full_like(asked.bias, asked.bias[0]))
    yield "in reverse order", replace(asked, bias=asked.bias[::-1])
    groups = asked.problem.groups
    if groups > 1:
        of_first = asked.bias[: len(asked.bias) // groups]
        yield "the first group's values for all", replace(asked, bias=np.tile(of_first, groups))


def bias_gradient_wrong_axes(asked: Computation) -> Iterator[Prediction]:
    """The bias gradient is summed over the wrong axes.

    Sum over batch and space and keep the channels: axes (0, 2, 3) of (N, C, H, W).
    """
    if asked.gives != "bias":
        return
    dy = asked.operand("output")
    right = (0, *range(2, dy.ndim))
    for count in range(dy.ndim + 1):
        for axes in combinations(range(dy.ndim), count):
            if axes != right:
                yield f"summed over axes {axes}", asked.changed(partial(_summed, dy, axes))
    yield "one sum for all channels", asked.changed(lambda db: np.full_like(db, db.sum()))
    yield "axes of size 1 kept", asked.changed(lambda db: along_axis(db, 1, dy.ndim))


def _summed(dy: Array, axes: tuple[int, ...], _: Array) -> Array:
    total: Array = np.asarray(dy.sum(axis=axes))
    return total


def clipped(asked: Computation) -> Iterator[Prediction]:
    """Values beyond a range are put to its ends.

    Look for a ReLU or a saturating type behind the sum: a convolution has no limits of its own.
    """
    answer, result = asked.answer, asked.result
    if answer.shape != result.shape or not answer.size or not np.isfinite(answer).all() or np.iscomplexobj(answer):
        return
    least, most = float(answer.min()), float(answer.max())
    low, high = bool((result < least).any()), bool((result > most).any())
    if least == most:
        return
    # One end first: the largest right number may have been rounded down.
    if low:
        yield f"to [{least:g}, inf)", asked.changed(partial(np.clip, a_min=least, a_max=None))
    if high:
        yield f"to (-inf, {most:g}]", asked.changed(partial(np.clip, a_min=None, a_max=most))
    if low and high:
        yield f"to [{least:g}, {most:g}]", asked.changed(partial(np.clip, a_min=least, a_max=most))


def absolute_values(asked: Computation) -> Iterator[Prediction]:
    """Every element is given without its sign.

    Look for an absolute value, or an unsigned type.
    """
    yield "", asked.changed(np.abs)


def wrapped(asked: Computation) -> Iterator[Prediction]:
    """Values beyond the range of an integer type begin again at its other end.

    Sum in a type that holds the sums.
    """
    for bits in _BITS:
        yield f"to {bits} bits", asked.changed(partial(_wrapped, 2.0**bits))


def _wrapped(count: float, array: Array) -> Array:
    return (array + count / 2) % count - count / 2


HYPOTHESES = (
    Hypothesis.of("sign-flipped", sign_flipped, pair_rank=21),
    Hypothesis.of("scaled", scaled, pair_rank=22),
    Hypothesis.of("batch-not-summed", batch_not_summed, "batch > 1", "the batch is summed", pair_rank=25),
    Hypothesis.of("overwritten-not-accumulated", overwritten, pair_rank=26),
    Hypothesis.of("batch-reversed", batch_reversed, "batch > 1", pair_rank=24),
    Hypothesis.of("first-image-for-all", first_image_for_all, "batch > 1"),
    Hypothesis.of("images-exchanged", images_exchanged, "batch > 1"),
    Hypothesis.of("bias-missing", bias_missing, "bias", pair_rank=14),
    Hypothesis.of("bias-twice", bias_twice, "bias", pair_rank=20),
    Hypothesis.of("bias-repeated", bias_repeated, "bias"),
    Hypothesis.of("bias-on-wrong-axis", bias_on_wrong_axis, "bias"),
    Hypothesis.of("bias-gradient-wrong-axes", bias_gradient_wrong_axes, "the bias' gradient is asked for"),
    Hypothesis.of("clipped", clipped, pair_rank=23),
    Hypothesis.of("absolute-values", absolute_values),
    Hypothesis.of("wrapped", wrapped),
)
