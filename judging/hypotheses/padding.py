"""Mistakes with padding: left out, on the wrong side or axis, of another rule, or filled with something else than zeros."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import (
    Array,
    Computation,
    Hypothesis,
    Prediction,
    axis_names,
    one_axis,
    reposed,
    without,
)
from convformance.reference.geometry import Pairs, Size, effective_kernel, resolve_padding

_SAME = ("same_upper", "same_lower")


def padding_ignored(asked: Computation) -> Iterator[Prediction]:
    """Nothing is padded, on every axis or on one."""
    pairs = asked.problem.padding
    yield from reposed(asked, padding=without(pairs))
    if sum(pair != (0, 0) for pair in pairs) > 1:
        for axis, letter in enumerate(axis_names(asked.rank)):
            yield from reposed(asked, f"along {letter}", padding=one_axis(pairs, axis, (0, 0)))


def sides_swapped(asked: Computation) -> Iterator[Prediction]:
    """What is meant for the start of an axis stands at its end."""
    yield from reposed(asked, padding=tuple((hi, lo) for lo, hi in asked.problem.padding))


def other_same(symbol: str, asked: Computation) -> Iterator[Prediction]:
    """SAME of that symbol gives its odd element to the other side."""
    if asked.problem.symbol == symbol:
        yield from sides_swapped(asked)


def axes_swapped(asked: Computation) -> Iterator[Prediction]:
    """The pairs are given to the axes in another order."""
    pairs = asked.problem.padding
    for order in permutations(range(asked.rank)):
        detail = " ".join(axis_names(asked.rank)[axis] for axis in order) if asked.rank > 2 else ""
        yield from reposed(asked, detail, padding=tuple(pairs[axis] for axis in order))


def order_misread(asked: Computation) -> Iterator[Prediction]:
    """The numbers are read as all starts and then all ends, where they are pairs, or the other way round."""
    pairs = asked.problem.padding
    flat = [entry for pair in pairs for entry in pair]
    yield from reposed(asked, padding=tuple(zip(flat[: asked.rank], flat[asked.rank :], strict=True)))
    starts_then_ends = [*(lo for lo, _ in pairs), *(hi for _, hi in pairs)]
    yield from reposed(asked, padding=tuple(zip(starts_then_ends[::2], starts_then_ends[1::2], strict=True)))


def one_side_for_both(side: int, asked: Computation) -> Iterator[Prediction]:
    """What belongs to one side of an axis, 0 the start, is taken for both."""
    yield from reposed(asked, padding=tuple((pair[side],) * 2 for pair in asked.problem.padding))


def twice(asked: Computation) -> Iterator[Prediction]:
    """Padding is put round what is padded already."""
    yield from reposed(asked, padding=tuple((2 * lo, 2 * hi) for lo, hi in asked.problem.padding))


def one_side_ignored(asked: Computation) -> Iterator[Prediction]:
    """Only one side of each axis is padded."""
    pairs = asked.problem.padding
    yield from reposed(asked, "at the start", padding=tuple((0, hi) for _, hi in pairs))
    yield from reposed(asked, "at the end", padding=tuple((lo, 0) for lo, _ in pairs))


def same_fixed(asked: Computation) -> Iterator[Prediction]:
    """SAME pads a fixed amount that does not look at the input size and the stride."""
    if asked.problem.symbol not in _SAME:
        return
    kernel, extents = asked.problem.kernel_size, asked.problem.effective_kernel
    yield from reposed(asked, "kernel // 2 on both sides", padding=tuple((k // 2, k // 2) for k in kernel))
    yield from reposed(asked, "extent // 2 on both sides", padding=tuple((e // 2, e // 2) for e in extents))
    yield from reposed(asked, "(kernel - 1) // 2 on both sides", padding=tuple(((k - 1) // 2,) * 2 for k in kernel))
    yield from reposed(asked, "(extent - 1) // 2 on both sides", padding=tuple(((e - 1) // 2,) * 2 for e in extents))
    yield from reposed(asked, "as for stride 1", padding=tuple(((e - 1) // 2, e // 2) for e in extents))
    yield from reposed(asked, "as for stride 1", padding=tuple((e // 2, (e - 1) // 2) for e in extents))
    yield from reposed(asked, "1 on both sides", padding=((1, 1),) * asked.rank)


def same_size_kept(asked: Computation) -> Iterator[Prediction]:
    """SAME keeps the size of the input whatever the stride."""
    if asked.problem.symbol in _SAME:
        axes = zip(asked.problem.input_size, asked.problem.stride, asked.problem.effective_kernel, strict=True)
        totals = [(size - 1) * s + e - size for size, s, e in axes]
        yield from reposed(asked, padding=tuple((total // 2, total - total // 2) for total in totals))


def odd_element_dropped(asked: Computation) -> Iterator[Prediction]:
    """The smaller side of each axis is taken for both, or the larger."""
    pairs = asked.problem.padding
    yield from reposed(asked, "the smaller side for both", padding=tuple((min(pair),) * 2 for pair in pairs))
    yield from reposed(asked, "the larger side for both", padding=tuple((max(pair),) * 2 for pair in pairs))
    yield from reposed(asked, "half of both", padding=tuple((sum(pair) // 2,) * 2 for pair in pairs))


def _resolved(asked: Computation, symbol: str, dilation: Size) -> Pairs:
    problem = asked.problem
    return resolve_padding(
        symbol, input_size=problem.input_size, kernel_size=problem.kernel_size, stride=problem.stride, dilation=dilation
    )


def of_undilated_kernel(asked: Computation) -> Iterator[Prediction]:
    """A symbolic padding is worked out from the kernel as if it were not dilated, or dilated on each other's axes."""
    symbol, dilation = asked.problem.symbol, asked.problem.dilation
    if symbol is not None:
        yield from reposed(asked, padding=_resolved(asked, symbol, (1,) * asked.rank))
        yield from reposed(
            asked, "the dilations of each other's axes", padding=_resolved(asked, symbol, dilation[::-1])
        )


def instead(wanted: tuple[str, ...], taken: str, asked: Computation) -> Iterator[Prediction]:
    """The padding ``taken`` stands for one of ``wanted``."""
    problem = asked.problem
    full = tuple((extent - 1, extent - 1) for extent in effective_kernel(problem.kernel_size, problem.dilation))
    is_now = {"valid": without(problem.padding), "full": full}
    if problem.symbol in wanted or problem.padding in [is_now.get(name) for name in wanted]:
        yield from reposed(asked, padding=_resolved(asked, taken, problem.dilation))


def off_by_one(asked: Computation) -> Iterator[Prediction]:
    """There is one element more or less on every side, or on every side that is padded, or at one end of every axis."""
    pairs = asked.problem.padding
    yield from reposed(asked, "one more", padding=tuple((lo + 1, hi + 1) for lo, hi in pairs))
    for step, words in ((1, "one more where there is any"), (-1, "one less where there is any")):
        yield from reposed(
            asked, words, padding=tuple((lo + step * (lo > 0), hi + step * (hi > 0)) for lo, hi in pairs)
        )
    for side in (0, 1):
        for step, words in ((1, "one more"), (-1, "one less")):
            moved = tuple((lo + step * (side == 0), hi + step * (side == 1)) for lo, hi in pairs)
            yield from reposed(asked, f"{words} at the {('start', 'end')[side]}", padding=moved)


def another(asked: Computation) -> Iterator[Prediction]:
    """There is an element more or less on some sides of one axis, or on those of all axes."""
    for lo, hi in product((-1, 0, 1), repeat=2):
        words = ", ".join(f"{step:+d} at the {side}" for step, side in ((lo, "start"), (hi, "end")) if step)
        yield from reposed(asked, words, padding=tuple((low + lo, high + hi) for low, high in asked.problem.padding))
        for axis, (low, high) in enumerate(asked.problem.padding if asked.rank > 1 else ()):
            pairs = one_axis(asked.problem.padding, axis, (low + lo, high + hi))
            yield from reposed(asked, f"{words} of axis {axis_names(asked.rank)[axis]}", padding=pairs)


def _padded(mode: str, pairs: Pairs, array: Array) -> Array:
    """Return ``array`` padded as ``mode`` says, cropped where a pair is negative."""
    width = [(max(lo, 0), max(hi, 0)) for lo, hi in ((0, 0), (0, 0), *pairs)]
    padded: Array = np.pad(array, width, mode)  # type: ignore[call-overload]
    inside = zip(padded.shape[2:], pairs, strict=True)
    kept: tuple[Any, ...] = (..., *(slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in inside))
    cropped: Array = padded[kept]
    return cropped


def padded_with(mode: str, asked: Computation) -> Iterator[Prediction]:
    """The padding repeats elements of the data."""
    problem = asked.problem
    if "input" not in asked.reads or not any(entry > 0 for pair in problem.padding for entry in pair):
        return
    if min(asked.operand("input").shape) == 0:
        return
    padded = asked.mapped("input", partial(_padded, mode, problem.padding))
    yield (
        "",
        replace(padded, problem=replace(problem, input_size=problem.padded_size, padding=without(problem.padding))),
    )


def transposed_padding_as_input_padding(asked: Computation) -> Iterator[Prediction]:
    """A transposed convolution puts zeros round what it reads, where its padding is a crop of what it gives."""
    if asked.gives != "input":
        return
    problem = asked.problem
    yield from reposed(asked, padding=tuple((e - 1 - lo, e - 1 - hi) for e, (lo, hi) in _extents(asked)))
    outputs = tuple(o + lo + hi for o, (lo, hi) in zip(problem.output_size, problem.padding, strict=True))
    if min(outputs) < 1 or problem.padding == without(problem.padding):
        return
    sizes = tuple((o - 1) * s + e for o, s, e in zip(outputs, problem.stride, problem.effective_kernel, strict=True))
    wider = asked.mapped("output", partial(_padded, "constant", problem.padding))
    yield "", replace(wider, problem=replace(problem, input_size=sizes, padding=without(problem.padding), symbol=None))


def _extents(asked: Computation) -> Iterator[tuple[int, tuple[int, int]]]:
    return zip(asked.problem.effective_kernel, asked.problem.padding, strict=True)


def _mistaken(
    name: str, explanation: str, remedy: str, predict: Callable[[Computation], Iterator[Prediction]], *matters: str
) -> Hypothesis:
    return Hypothesis(name, explanation, remedy, predict, matters or ("padding",))


_BY_RULE = "Work the padding out from what is asked for: valid is none, same keeps ceil(input / stride), full is extent - 1 on each side."

HYPOTHESES = (
    _mistaken(
        "same-lower-for-upper",
        "SAME puts its odd element at the start, where it belongs at the end.",
        "same_upper, which is what SAME usually means, pads total // 2 at the start and the rest at the end.",
        partial(other_same, "same_upper"),
        "same padding",
        "padding asymmetric",
    ),
    _mistaken(
        "same-upper-for-lower",
        "SAME_LOWER puts its odd element at the end, where it belongs at the start.",
        "same_lower pads total // 2 at the end and the rest at the start.",
        partial(other_same, "same_lower"),
        "same padding",
        "padding asymmetric",
    ),
    _mistaken(
        "same-fixed-padding",
        "SAME pads a fixed amount, where input size and stride decide how much is needed.",
        "Pad max((ceil(input / stride) - 1) * stride + extent - input, 0) in all, half of it at the start.",
        same_fixed,
        "same padding",
    ),
    _mistaken(
        "same-size-without-stride",
        "SAME keeps the size of the input, as if the stride were 1.",
        "SAME means ceil(input / stride) outputs.",
        same_size_kept,
        "same padding",
        "stride > 1",
    ),
    _mistaken(
        "same-without-dilation",
        "The amount of symbolic padding is worked out from the kernel without its dilation, or with that of another axis.",
        "Use the extent dilation * (kernel - 1) + 1 of each axis.",
        of_undilated_kernel,
        "symbolic padding",
        "dilation > 1",
    ),
    _mistaken(
        "full-for-valid",
        "Full padding where none is asked for.",
        _BY_RULE,
        partial(instead, ("valid",), "full"),
        "no padding",
    ),
    _mistaken(
        "valid-for-full",
        "No padding where full is asked for.",
        _BY_RULE,
        partial(instead, ("full",), "valid"),
        "full padding",
    ),
    _mistaken(
        "same-for-valid",
        "SAME padding where none is asked for.",
        _BY_RULE,
        partial(instead, ("valid",), "same_upper"),
        "no padding",
    ),
    _mistaken(
        "same-for-full",
        "SAME padding where full is asked for.",
        _BY_RULE,
        partial(instead, ("full",), "same_upper"),
        "full padding",
    ),
    _mistaken(
        "full-for-same",
        "Full padding where SAME is asked for.",
        _BY_RULE,
        partial(instead, _SAME, "full"),
        "same padding",
    ),
    _mistaken(
        "padding-ignored",
        "The padding is left out.",
        "Put zeros round the input before the kernel moves over it, and let gradients take the same padding.",
        padding_ignored,
    ),
    _mistaken(
        "padding-sides-swapped",
        "What is meant for the start of an axis is put at its end.",
        "Pad each axis by (lo, hi): lo elements before the first one.",
        sides_swapped,
        "padding asymmetric",
    ),
    _mistaken(
        "padding-axes-swapped",
        "The paddings are given to each other's axes.",
        "Keep the pairs in the order of the spatial axes, (H, W).",
        axes_swapped,
        "padding differs by axis",
    ),
    _mistaken(
        "padding-order-misread",
        "The numbers of the padding are read in another order: all starts and then all ends for pairs, or pairs for those.",
        "Pass (lo, hi) pairs where pairs are meant, and starts before ends where those are.",
        order_misread,
        "starts and ends of the padding differ in order",
    ),
    _mistaken(
        "begin-padding-for-both",
        "The padding at the start of an axis is used at its end too.",
        "Take lo before and hi after the data, in the size of the result too.",
        partial(one_side_for_both, 0),
        "padding asymmetric",
    ),
    _mistaken(
        "end-padding-for-both",
        "The padding at the end of an axis is used at its start too.",
        "Take lo before and hi after the data, in the size of the result too.",
        partial(one_side_for_both, 1),
        "padding asymmetric",
    ),
    _mistaken(
        "padding-twice",
        "The padding is applied twice.",
        "Pad in one place: the data, or the call that takes the padding as its argument.",
        twice,
    ),
    _mistaken(
        "padding-odd-element-dropped",
        "Both sides of an axis are padded alike, where one of them needs an element more.",
        "Split an odd total into total // 2 and total - total // 2.",
        odd_element_dropped,
        "padding asymmetric",
    ),
    _mistaken(
        "padding-one-side-ignored",
        "Only one side of each axis is padded.",
        "Pad before and after the data.",
        one_side_ignored,
    ),
    _mistaken(
        "transposed-padding-as-input-padding",
        "The padding of a transposed convolution is put round what it reads.",
        "Compute the whole result and crop lo elements at its start and hi at its end: padding makes a transposed result smaller.",
        transposed_padding_as_input_padding,
    ),
    _mistaken(
        "edge-padding-for-zero",
        "The padding repeats the elements at the edge.",
        "Pad with zeros.",
        partial(padded_with, "edge"),
    ),
    _mistaken(
        "reflect-padding-for-zero",
        "The padding mirrors the data.",
        "Pad with zeros.",
        partial(padded_with, "reflect"),
    ),
    _mistaken(
        "wrap-padding-for-zero",
        "The padding continues with the data of the other end: a circular convolution.",
        "Pad with zeros; with a Fourier transform, pad before it.",
        partial(padded_with, "wrap"),
    ),
)

# Tried after the mistakes at the ends of arrays, which some of them look like.
OFF_BY_ONE = (
    Hypothesis(
        "padding-off-by-one",
        "There is one element of padding too much or too little.",
        "Count the padding again, in the size of the result and in the positions that are read.",
        off_by_one,
    ),
)

# Tried after everything that has a plainer reason.
GENERAL = (
    Hypothesis(
        "another-padding",
        "An axis is padded by another amount than asked for.",
        "Follow where the padding comes from; some step of the way changes it.",
        another,
    ),
)
