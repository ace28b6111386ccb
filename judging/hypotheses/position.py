"""Where an answer is wrong, when no mistake reproduces its values: each of these takes the values of its places from the answer."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from convformance.judging.hypotheses.hypothesis import Array, Computation, Hypothesis, Prediction, axis_names


def _taken_from_answer(asked: Computation, where: Array, words: str = "") -> Iterator[Prediction]:
    """Yield the truth with the answer's own values at ``where``, if that leaves anything to be right."""
    if asked.answer.shape == asked.result.shape and not where.all():
        yield words, replace(asked, changes=(*asked.changes, lambda truth: np.where(where, asked.answer, truth)))


def _wrong(asked: Computation) -> Array:
    """Return a mask of the wrong elements, none where the answer has another shape."""
    if asked.answer.shape != asked.result.shape:
        return np.zeros(asked.result.shape, bool)
    wrong: Array = (asked.answer != asked.result) & ~(np.isnan(asked.answer) & np.isnan(asked.result))
    return wrong


def constant_output(asked: Computation) -> Iterator[Prediction]:
    """Every element holds the same number."""
    if asked.answer.size > 1 and (asked.answer == asked.answer.flat[0]).all():
        constant = np.full(asked.answer.shape, asked.answer.flat[0])
        yield f"{asked.answer.flat[0]:g}", replace(asked, changes=(lambda _: constant,))


def repeated(asked: Computation) -> Iterator[Prediction]:
    """One row, channel or image holds what another one should."""
    wrong = _wrong(asked)
    for axis, name in enumerate(_names(asked)):
        places = _hit(wrong, axis)
        if len(places) == 1 and wrong.shape[axis] > 1:
            place = int(places[0])
            for source in {place - 1, place + 1, 0} - {place, wrong.shape[axis]}:
                if source >= 0:
                    change = partial(_copied, axis, place, source)
                    yield f"{name} {place} holds {source}", replace(asked, changes=(*asked.changes, change))


def _copied(axis: int, place: int, source: int, array: Array) -> Array:
    order = np.arange(array.shape[axis])
    order[place] = source
    return array.take(order, axis)


def _names(asked: Computation) -> tuple[str, ...]:
    if asked.gives == "bias":
        return ("channel",)
    leading = ("filter", "channel") if asked.gives == "filter" else ("image", "channel")
    return (*leading, *(f"{letter} index" for letter in axis_names(asked.rank)))


def nothing_summed(asked: Computation) -> Iterator[Prediction]:
    """What no product goes to, and is to be zero, is something else."""
    yield from _taken_from_answer(
        asked, np.broadcast_to(asked.counts == 0, asked.result.shape), "where nothing is summed"
    )


def left_at_zero(asked: Computation) -> Iterator[Prediction]:
    """What is wrong is zero."""
    yield from _taken_from_answer(asked, asked.answer == 0)


def border_only(asked: Computation) -> Iterator[Prediction]:
    """Only elements whose window reaches into the padding are wrong."""
    border = np.broadcast_to(asked.counts < asked.counts.max(initial=0), asked.result.shape)
    if border.any():
        yield from _taken_from_answer(asked, border)


def single_place(asked: Computation) -> Iterator[Prediction]:
    """Only one place in space is wrong, in some or all channels."""
    if asked.gives == "bias":
        return
    plane: Array = np.logical_or.reduce(_wrong(asked), axis=(0, 1))
    if plane.sum() == 1:
        place = ", ".join(str(axis[0]) for axis in np.nonzero(plane))
        yield from _taken_from_answer(asked, np.broadcast_to(plane, asked.result.shape), f"({place})")


def tail_only(asked: Computation) -> Iterator[Prediction]:
    """Only the last rows, columns, channels or images are wrong, or the last positions of a plane."""
    wrong = _wrong(asked)
    for axis, name in enumerate(_names(asked)):
        places, size = _hit(wrong, axis), wrong.shape[axis]
        if len(places) and places[0] >= (size + 1) // 2 and places[-1] >= _hit(asked.result != 0, axis).max(initial=0):
            yield from _taken_from_answer(
                asked, _along(wrong, axis, np.arange(size) >= places[0]), f"the last of {name}"
            )
    if asked.gives != "bias" and wrong.any():
        plane = wrong.any(axis=(0, 1))
        first = int(np.flatnonzero(plane)[0])
        if first >= (plane.size + 1) // 2:
            behind = (np.arange(plane.size) >= first).reshape(plane.shape)
            yield from _taken_from_answer(asked, np.broadcast_to(behind, wrong.shape), "the last positions")


def single_channel(asked: Computation) -> Iterator[Prediction]:
    """Only one channel of the result is wrong, or of a filter gradient one filter."""
    axis = 0 if asked.gives in ("filter", "bias") else 1
    yield from _single(asked, axis, "channel")


def single_image(asked: Computation) -> Iterator[Prediction]:
    """Only one image of the result is wrong."""
    if asked.gives in ("input", "output"):
        yield from _single(asked, 0, "image")


def _single(asked: Computation, axis: int, name: str) -> Iterator[Prediction]:
    wrong = _wrong(asked)
    places = _hit(wrong, axis)
    if len(places) == 1 and wrong.shape[axis] > 1:
        yield from _taken_from_answer(
            asked, _along(wrong, axis, np.arange(wrong.shape[axis]) == places[0]), f"{name} {places[0]}"
        )


def _hit(wrong: Array, axis: int) -> Array:
    """Return the places along ``axis`` at which anything is wrong."""
    return np.flatnonzero(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))


def _along(wrong: Array, axis: int, chosen: Array) -> Array:
    """Return a mask of the result's shape that holds ``chosen`` along ``axis``."""
    return np.broadcast_to(chosen.reshape(tuple(-1 if at == axis else 1 for at in range(wrong.ndim))), wrong.shape)


HYPOTHESES = (
    Hypothesis(
        "constant-output",
        "Every element holds the same number.",
        "Look for a result that is returned before it is computed, or a size that is refused in silence.",
        constant_output,
    ),
    Hypothesis(
        "repeated",
        "A row, a channel or an image holds what belongs to another one.",
        "Check the index that is written to in the loop over that axis.",
        repeated,
    ),
    Hypothesis(
        "unwritten",
        "Some elements are never written: they hold what the memory held before.",
        "Start from zeros, not from empty memory, and let the loops reach every element.",
        nothing_summed,
    ),
)

PLACES = (
    Hypothesis(
        "border-only",
        "Only elements at the border are wrong, whose window reaches into the padding.",
        "Look at what is read beyond the data, and at the branch that handles the border.",
        border_only,
        ("padding",),
    ),
    Hypothesis(
        "single-place",
        "Only one place in space is wrong.",
        "Look at the end of a tile, or an index that is counted wrongly once.",
        single_place,
    ),
    Hypothesis(
        "single-channel",
        "Only one channel is wrong.",
        "Look at the first and last channel of a block, and at what is kept for each channel.",
        single_channel,
    ),
    Hypothesis(
        "single-image",
        "Only one image of the batch is wrong.",
        "Look at the first and last image of a block, and at what is kept from image to image.",
        single_image,
        ("batch > 1",),
    ),
    Hypothesis(
        "tail-only",
        "Only the last rows, columns, channels or images are wrong.",
        "Look at what is left over after whole tiles or blocks.",
        tail_only,
    ),
    Hypothesis(
        "left-at-zero",
        "Some elements are zero where something is to be summed.",
        "Let the loops reach every element of the result.",
        left_at_zero,
    ),
)
