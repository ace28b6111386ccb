"""Mistakes with padding: left out, on the wrong side or axis, of another rule, or filled with something but zeros."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice, permutations, product
from typing import Any

import numpy as np

from convformance.judging.axes import axis_names
from convformance.judging.hypotheses.hypothesis import (
    Computation,
    Hypothesis,
    Prediction,
    no_padding,
    with_axis,
    with_geometry,
)
from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.geometry import Pairs, Size, effective_kernel, resolve_padding

_SAME = ("same_upper", "same_lower")
# Details of a padding; causal layers have the second, which with two taps is the first, too.
ODD_BEFORE, ALL_BEFORE = "the odd element at the start", "all of it at the start"
ALL_AFTER = "all of it at the end"


def padding_ignored(asked: Computation) -> Iterator[Prediction]:
    """The padding is left out.

    Put zeros round the input before the kernel moves over it, and let gradients take the same padding.
    """
    pairs = asked.problem.padding
    # Padding at the start alone, left out of a result of the wanted size, is padding at the end.
    at_start = all(hi == 0 for _, hi in pairs)
    yield from islice(with_geometry(asked, padding=no_padding(asked.rank)), 1 if at_start else None)
    if sum(pair != (0, 0) for pair in pairs) > 1:
        for axis, letter in enumerate(axis_names(asked.rank)):
            yield from with_geometry(asked, f"along {letter}", padding=with_axis(pairs, axis, (0, 0)))


def sides_swapped(asked: Computation) -> Iterator[Prediction]:
    """What is meant for the start of an axis is put at its end.

    Pad each axis by (lo, hi): lo elements before the first one.
    """
    yield from with_geometry(asked, padding=tuple((hi, lo) for lo, hi in asked.problem.padding))


def lower_for_upper(asked: Computation) -> Iterator[Prediction]:
    """SAME puts its odd element at the start, where it belongs at the end.

    same_upper, which is what SAME usually means, pads total // 2 at the start and the rest at the end.
    """
    if asked.problem.symbol == "same_upper":
        yield from sides_swapped(asked)


def upper_for_lower(asked: Computation) -> Iterator[Prediction]:
    """SAME_LOWER puts its odd element at the end, where it belongs at the start.

    same_lower pads total // 2 at the end and the rest at the start.
    """
    if asked.problem.symbol == "same_lower":
        yield from sides_swapped(asked)


def axes_swapped(asked: Computation) -> Iterator[Prediction]:
    """The paddings are given to each other's axes.

    Keep the pairs in the order of the spatial axes, (H, W).
    """
    pairs = asked.problem.padding
    for order in permutations(range(asked.rank)):
        detail = " ".join(axis_names(asked.rank)[axis] for axis in order) if asked.rank > 2 else ""
        yield from with_geometry(asked, detail, padding=tuple(pairs[axis] for axis in order))


def order_misread(asked: Computation) -> Iterator[Prediction]:
    """The numbers of the padding are read in another order: all starts and then all ends for pairs, or pairs for those.

    Pass (lo, hi) pairs where pairs are meant, and starts before ends where those are.
    """
    pairs = asked.problem.padding
    flat = [entry for pair in pairs for entry in pair]
    yield from with_geometry(asked, padding=tuple(zip(flat[: asked.rank], flat[asked.rank :], strict=True)))
    starts_then_ends = [*(lo for lo, _ in pairs), *(hi for _, hi in pairs)]
    yield from with_geometry(asked, padding=tuple(zip(starts_then_ends[::2], starts_then_ends[1::2], strict=True)))


def one_side_for_both(side: int, asked: Computation) -> Iterator[Prediction]:
    """Yield what belongs to one side of an axis, 0 the start, taken for both."""
    yield from with_geometry(asked, padding=tuple((pair[side],) * 2 for pair in asked.problem.padding))


def twice(asked: Computation) -> Iterator[Prediction]:
    """The padding is applied twice.

    Pad in one place: the data, or the call that takes the padding as its argument.
    """
    yield from with_geometry(asked, padding=tuple((2 * lo, 2 * hi) for lo, hi in asked.problem.padding))


def one_side_ignored(asked: Computation) -> Iterator[Prediction]:
    """Only one side of each axis is padded.

    Pad before and after the data.
    """
    pairs = asked.problem.padding
    yield from with_geometry(asked, "at the start", padding=tuple((0, hi) for _, hi in pairs))
    yield from with_geometry(asked, "at the end", padding=tuple((lo, 0) for lo, _ in pairs))


def same_fixed(asked: Computation) -> Iterator[Prediction]:
    """SAME pads a fixed amount, where input size and stride decide how much is needed.

    Pad max((ceil(input / stride) - 1) * stride + extent - input, 0) in all, half of it at the start.
    """
    if asked.problem.symbol not in _SAME:
        return
    kernel, extents = asked.problem.kernel_size, asked.problem.effective_kernel
    fixed = {
        "kernel // 2 on both sides": [(k // 2, k // 2) for k in kernel],
        "extent // 2 on both sides": [(e // 2, e // 2) for e in extents],
        "(kernel - 1) // 2 on both sides": [((k - 1) // 2, (k - 1) // 2) for k in kernel],
        "(extent - 1) // 2 on both sides": [((e - 1) // 2, (e - 1) // 2) for e in extents],
    }
    for detail, pairs in fixed.items():
        yield from with_geometry(asked, detail, padding=tuple(pairs))
    yield from with_geometry(asked, "as for stride 1", padding=tuple(((e - 1) // 2, e // 2) for e in extents))
    yield from with_geometry(asked, "as for stride 1", padding=tuple((e // 2, (e - 1) // 2) for e in extents))
    yield from with_geometry(asked, "1 on both sides", padding=((1, 1),) * asked.rank)


def same_size_kept(asked: Computation) -> Iterator[Prediction]:
    """SAME keeps the size of the input, as if the stride were 1.

    SAME means ceil(input / stride) outputs.
    """
    if asked.problem.symbol in _SAME:
        axes = zip(asked.problem.input_size, asked.problem.stride, asked.problem.effective_kernel, strict=True)
        totals = [(size - 1) * s + e - size for size, s, e in axes]
        yield from with_geometry(asked, padding=tuple((total // 2, total - total // 2) for total in totals))


def odd_element_dropped(asked: Computation) -> Iterator[Prediction]:
    """Both sides of an axis are padded alike, where one of them needs an element more.

    Split an odd total into total // 2 and total - total // 2.
    """
    pairs = asked.problem.padding
    yield from with_geometry(asked, "the smaller side for both", padding=tuple((min(pair),) * 2 for pair in pairs))
    yield from with_geometry(asked, "the larger side for both", padding=tuple((max(pair),) * 2 for pair in pairs))
    yield from with_geometry(asked, "half of both", padding=tuple((sum(pair) // 2,) * 2 for pair in pairs))


def _resolved(asked: Computation, symbol: str, dilation: Size) -> Pairs:
    problem = asked.problem
    return resolve_padding(
        symbol, input_size=problem.input_size, kernel_size=problem.kernel_size, stride=problem.stride, dilation=dilation
    )


def same_without_dilation(asked: Computation) -> Iterator[Prediction]:
    """The amount of symbolic padding is worked out from the kernel without its dilation, or with that of another axis.

    Use the extent dilation * (kernel - 1) + 1 of each axis.
    """
    symbol, dilation = asked.problem.symbol, asked.problem.dilation
    if symbol is not None:
        yield from with_geometry(asked, padding=_resolved(asked, symbol, (1,) * asked.rank))
        swapped = _resolved(asked, symbol, dilation[::-1])
        yield from with_geometry(asked, "the dilations of each other's axes", padding=swapped)


def instead(wanted: tuple[str, ...], taken: str, asked: Computation) -> Iterator[Prediction]:
    """Yield the padding ``taken`` instead of one of ``wanted``."""
    problem = asked.problem
    full = tuple((extent - 1, extent - 1) for extent in effective_kernel(problem.kernel_size, problem.dilation))
    pairs_of = {"valid": no_padding(asked.rank), "full": full}
    if problem.symbol in wanted or problem.padding in [pairs_of.get(name) for name in wanted]:
        yield from with_geometry(asked, padding=_resolved(asked, taken, problem.dilation))


def same_for_valid(asked: Computation) -> Iterator[Prediction]:
    """SAME padding where none is asked for, with zeros or with the data repeated: the result is as large as the image.

    If a result of the size of the image is meant, say so: --padding same. Else pad nothing: the result has
    (input - extent) // stride + 1 elements.
    """
    problem = asked.problem
    if problem.symbol != "valid" and problem.padding != no_padding(asked.rank):
        return
    upper = _resolved(asked, "same_upper", problem.dilation)
    lower = tuple((hi, lo) for lo, hi in upper)
    half = tuple((extent // 2, extent // 2) for extent in problem.effective_kernel)
    before = tuple((extent - 1, 0) for extent in problem.effective_kernel)
    after = tuple((0, extent - 1) for extent in problem.effective_kernel)
    paddings = {
        "": upper,
        ODD_BEFORE: lower,
        "extent // 2 on both sides": half,
        ALL_BEFORE: before,
        ALL_AFTER: after,
    }
    for detail, pairs in paddings.items():
        for computation in (each for _, each in with_geometry(asked, padding=pairs)):
            yield detail, computation
            # A border of other elements matters only where the result has this size: most answers have another. What
            # wraps from one end to the other alone has a name of its own.
            if (
                detail not in (ALL_BEFORE, ALL_AFTER)
                and computation.problem.result_shape(asked.operation) == asked.answer.shape
            ):
                for mode, border in _BORDERS.items():
                    yield from _bordered(computation, mode, ", ".join(filter(None, (detail, border))))


_BORDERS = {
    "edge": "the edge repeated",
    "reflect": "mirrored",
    "symmetric": "mirrored, the edge too",
    "wrap": "wrapped",
}


def _bordered(asked: Computation, mode: str, detail: str) -> Iterator[Prediction]:
    yield from ((detail, computation) for _, computation in padded_with(mode, asked))


def off_by_one(asked: Computation) -> Iterator[Prediction]:
    """There is one element of padding too much or too little.

    Count the padding again, in the size of the result and in the positions that are read.
    """
    pairs = asked.problem.padding
    yield from with_geometry(asked, "one more", padding=tuple((lo + 1, hi + 1) for lo, hi in pairs))
    for step, detail in ((1, "one more where there is any"), (-1, "one less where there is any")):
        changed = tuple((lo + step * (lo > 0), hi + step * (hi > 0)) for lo, hi in pairs)
        yield from with_geometry(asked, detail, padding=changed)
    for side in (0, 1):
        for step, detail in ((1, "one more"), (-1, "one less")):
            changed = tuple((lo + step * (side == 0), hi + step * (side == 1)) for lo, hi in pairs)
            yield from with_geometry(asked, f"{detail} at the {('start', 'end')[side]}", padding=changed)


def another(asked: Computation) -> Iterator[Prediction]:
    """An axis is padded by another amount than asked for.

    Follow where the padding comes from; some step of the way changes it.
    """
    pairs = asked.problem.padding
    for lo, hi in product((-1, 0, 1), repeat=2):
        detail = ", ".join(f"{step:+d} at the {side}" for step, side in ((lo, "start"), (hi, "end")) if step)
        yield from with_geometry(asked, detail, padding=tuple((low + lo, high + hi) for low, high in pairs))
        for axis, (low, high) in enumerate(pairs if asked.rank > 1 else ()):
            changed = with_axis(pairs, axis, (low + lo, high + hi))
            yield from with_geometry(asked, f"{detail} of axis {axis_names(asked.rank)[axis]}", padding=changed)


def _padded(mode: str, pairs: Pairs, array: Array) -> Array:
    """Return ``array`` padded as ``mode`` says, cropped where a pair is negative."""
    width = [(max(lo, 0), max(hi, 0)) for lo, hi in ((0, 0), (0, 0), *pairs)]
    padded: Array = np.pad(array, width, mode)  # type: ignore[call-overload]
    axes = zip(padded.shape[2:], pairs, strict=True)
    inside: tuple[Any, ...] = (..., *(slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in axes))
    cropped: Array = padded[inside]
    return cropped


def padded_with(mode: str, asked: Computation) -> Iterator[Prediction]:
    """Yield padding that repeats elements of the data."""
    problem = asked.problem
    if problem.border != ZERO or not any(entry > 0 for pair in problem.padding for entry in pair):
        return
    if asked.gives == "input":
        yield "", replace(asked, problem=replace(problem, border=mode))
    if "input" not in asked.reads or min(asked.operand("input").shape) == 0:
        return
    padded = asked.mapped("input", partial(_padded, mode, problem.padding))
    unpadded = replace(problem, input_size=problem.padded_size, padding=no_padding(asked.rank))
    yield "", replace(padded, problem=unpadded)


def transposed_padding_as_input_padding(asked: Computation) -> Iterator[Prediction]:
    """The padding of a transposed convolution is put round what it reads.

    Compute the whole result and crop lo elements at its start and hi at its end: padding makes a transposed result
    smaller.
    """
    if asked.gives != "input":
        return
    problem = asked.problem
    axes = zip(problem.effective_kernel, problem.padding, strict=True)
    yield from with_geometry(asked, padding=tuple((e - 1 - lo, e - 1 - hi) for e, (lo, hi) in axes))
    outputs = tuple(o + lo + hi for o, (lo, hi) in zip(problem.output_size, problem.padding, strict=True))
    if min(outputs) < 1 or problem.padding == no_padding(asked.rank):
        return
    sizes = tuple((o - 1) * s + e for o, s, e in zip(outputs, problem.stride, problem.effective_kernel, strict=True))
    wider = asked.mapped("output", partial(_padded, "constant", problem.padding))
    yield "", replace(wider, problem=replace(problem, input_size=sizes, padding=no_padding(asked.rank), symbol=None))


def _instead(
    name: str, explanation: str, wanted: tuple[str, ...], taken: str, matters: str, pair_rank: int = 0
) -> Hypothesis:
    remedy = "Work the padding out from what is asked for: valid is none, same keeps ceil(input / stride), full is "
    remedy += "extent - 1 on each side."
    return Hypothesis(name, explanation, remedy, partial(instead, wanted, taken), (matters,), pair_rank)


def _one_side_for_both(name: str, explanation: str, side: int) -> Hypothesis:
    remedy = "Take lo before and hi after the data, in the size of the result too."
    return Hypothesis(name, explanation, remedy, partial(one_side_for_both, side), ("padding asymmetric",))


def _padded_with(mode: str, explanation: str, remedy: str) -> Hypothesis:
    predict = partial(padded_with, mode)
    return Hypothesis(f"{mode}-padding-for-zero", explanation, remedy, predict, ("padding",), pair_rank=19)


_WRAPPED = "The padding continues with the data of the other end: a circular convolution."

HYPOTHESES = (
    Hypothesis.of("same-lower-for-upper", lower_for_upper, "same padding", "padding asymmetric", pair_rank=15),
    Hypothesis.of("same-upper-for-lower", upper_for_lower, "same padding", "padding asymmetric", pair_rank=16),
    Hypothesis.of("same-fixed-padding", same_fixed, "same padding", pair_rank=10),
    Hypothesis.of("same-size-without-stride", same_size_kept, "same padding", "stride > 1"),
    Hypothesis.of("same-without-dilation", same_without_dilation, "symbolic padding", "dilation > 1"),
    _instead("full-for-valid", "Full padding where none is asked for.", ("valid",), "full", "no padding", pair_rank=18),
    _instead("valid-for-full", "No padding where full is asked for.", ("full",), "valid", "full padding"),
    Hypothesis.of("same-for-valid", same_for_valid, "no padding", pair_rank=17),
    _instead("same-for-full", "SAME padding where full is asked for.", ("full",), "same_upper", "full padding"),
    _instead("full-for-same", "Full padding where SAME is asked for.", _SAME, "full", "same padding"),
    Hypothesis.of("padding-ignored", padding_ignored, "padding", pair_rank=8),
    Hypothesis.of("padding-sides-swapped", sides_swapped, "padding asymmetric", pair_rank=9),
    Hypothesis.of("padding-axes-swapped", axes_swapped, "padding differs by axis", pair_rank=13),
    Hypothesis.of("padding-order-misread", order_misread, "starts and ends of the padding differ in order"),
    _one_side_for_both("begin-padding-for-both", "The padding at the start of an axis is used at its end too.", 0),
    _one_side_for_both("end-padding-for-both", "The padding at the end of an axis is used at its start too.", 1),
    Hypothesis.of("padding-twice", twice, "padding"),
    Hypothesis.of("padding-odd-element-dropped", odd_element_dropped, "padding asymmetric"),
    Hypothesis.of("padding-one-side-ignored", one_side_ignored, "padding"),
    Hypothesis.of("transposed-padding-as-input-padding", transposed_padding_as_input_padding, "padding"),
    _padded_with("edge", "The padding repeats the elements at the edge.", "Pad with zeros."),
    _padded_with("reflect", "The padding mirrors the data.", "Pad with zeros."),
    _padded_with("wrap", _WRAPPED, "Pad with zeros; with a Fourier transform, pad before it."),
)

# Tried after the mistakes at the ends of arrays, which some of them look like.
OFF_BY_ONE = (Hypothesis.of("padding-off-by-one", off_by_one),)

# Tried after everything that has a plainer reason.
GENERAL = (Hypothesis.of("another-padding", another),)
