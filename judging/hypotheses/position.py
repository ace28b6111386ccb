"""Where an answer is wrong, when no mistake reproduces its values: the wrong values are taken from the answer."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from convformance.judging.axes import along_axis, axis_names, hit_indices
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.reference.arrays import Array

_BLOCKS = (2, 4, 8, 16, 32)


def _taken_from_answer(asked: Computation, where: Array, detail: str = "") -> Iterator[Prediction]:
    """Yield the truth with the answer's own values at ``where``, a mask that broadcasts to the result.

    Nothing where that leaves nothing to be right.
    """
    if asked.answer.shape == asked.result.shape and not where.all():
        yield detail, asked.changed(lambda truth: np.where(where, asked.answer, truth))


def _wrong(asked: Computation) -> Array:
    """Return a mask of the wrong elements, none where the answer has another shape."""
    if asked.answer.shape != asked.result.shape:
        return np.zeros(asked.result.shape, bool)
    wrong: Array = (asked.answer != asked.result) & ~(np.isnan(asked.answer) & np.isnan(asked.result))
    return wrong


def constant_output(asked: Computation) -> Iterator[Prediction]:
    """Every element holds the same number.

    Look for a result that is returned before it is computed, or a size that is refused in silence.
    """
    if asked.answer.size > 1 and (asked.answer == asked.answer.flat[0]).all():
        constant = np.full(asked.answer.shape, asked.answer.flat[0])
        yield f"{asked.answer.flat[0]:g}", asked.changed(lambda _: constant)


def repeated(asked: Computation) -> Iterator[Prediction]:
    """A row, a channel or an image holds what belongs to another one.

    Check the index that is written to in the loop over that axis.
    """
    wrong = _wrong(asked)
    for axis, name in enumerate(_names(asked)):
        indices = hit_indices(wrong, axis)
        if len(indices) == 1 and wrong.shape[axis] > 1:
            index = int(indices[0])
            for source in {index - 1, index + 1, 0} - {index, wrong.shape[axis]}:
                if source >= 0:
                    yield f"{name} {index} holds {source}", asked.changed(partial(_copied, axis, index, source))


def _copied(axis: int, index: int, source: int, array: Array) -> Array:
    order = np.arange(array.shape[axis])
    order[index] = source
    return array.take(order, axis)


def _names(asked: Computation) -> tuple[str, ...]:
    if asked.gives == "bias":
        return ("channel",)
    leading = ("filter", "channel") if asked.gives == "filter" else ("image", "channel")
    return (*leading, *(f"{letter} index" for letter in axis_names(asked.rank)))


def nothing_summed(asked: Computation) -> Iterator[Prediction]:
    """Some elements are never written: they hold what the memory held before.

    Start from zeros, not from empty memory, and let the loops reach every element.
    """
    unreached = np.broadcast_to(asked.counts == 0, asked.result.shape)
    yield from _taken_from_answer(asked, unreached, "where nothing is summed")


def left_at_zero(asked: Computation) -> Iterator[Prediction]:
    """Some elements are zero where something is to be summed.

    Let the loops reach every element of the result.
    """
    yield from _taken_from_answer(asked, asked.answer == 0)


def border_only(asked: Computation) -> Iterator[Prediction]:
    """Only elements at the border are wrong, whose window reaches into the padding.

    Look at what is read beyond the data, and at the branch that handles the border.
    """
    border = np.broadcast_to(asked.counts < asked.counts.max(initial=0), asked.result.shape)
    if border.any():
        yield from _taken_from_answer(asked, border)


def single_position(asked: Computation) -> Iterator[Prediction]:
    """Only one place in space is wrong.

    Look at the end of a tile, or an index that is counted wrongly once.
    """
    if asked.gives == "bias":
        return
    plane: Array = np.logical_or.reduce(_wrong(asked), axis=(0, 1))
    if plane.sum() == 1:
        index = ", ".join(str(axis[0]) for axis in np.nonzero(plane))
        yield from _taken_from_answer(asked, plane, f"({index})")


def tail_only(asked: Computation) -> Iterator[Prediction]:
    """Only the last rows, columns, channels or images are wrong.

    Look at what is left over after whole tiles or blocks.
    """
    wrong = _wrong(asked)
    for axis, name in enumerate(_names(asked)):
        indices, size = hit_indices(wrong, axis), wrong.shape[axis]
        if len(indices) and indices[0] >= (size + 1) // 2 and indices[-1] >= _last_nonzero(asked.result, axis):
            tail = along_axis(np.arange(size) >= indices[0], axis, wrong.ndim)
            yield from _taken_from_answer(asked, tail, f"the last of {name}")
    if asked.gives != "bias" and wrong.any():
        plane = wrong.any(axis=(0, 1))
        first = int(np.flatnonzero(plane)[0])
        if first >= (plane.size + 1) // 2:
            behind = (np.arange(plane.size) >= first).reshape(plane.shape)
            yield from _taken_from_answer(asked, behind, "the last positions")


def _last_nonzero(result: Array, axis: int) -> int:
    return int(hit_indices(result != 0, axis).max(initial=0))


def single_channel(asked: Computation) -> Iterator[Prediction]:
    """Only one channel is wrong.

    Look at the first and last channel of a block, and at what is kept for each channel.
    """
    axis = 0 if asked.gives in ("filter", "bias") else 1
    yield from _single(asked, axis, "channel")


def single_image(asked: Computation) -> Iterator[Prediction]:
    """Only one image of the batch is wrong.

    Look at the first and last image of a block, and at what is kept from image to image.
    """
    if asked.gives in ("input", "output"):
        yield from _single(asked, 0, "image")


def beyond_a_block(asked: Computation) -> Iterator[Prediction]:
    """Only the first images of the batch are computed: the others are zero, hold what belongs to earlier ones, or are
    left out of the sum.

    Let the loop over the batch reach its last image, whatever the size of a block.
    """
    size = asked.problem.batch
    if asked.gives not in ("input", "output"):
        blocks = {size // block * block for block in _BLOCKS} - {0, size}
        for count in sorted({size - 1, *blocks} if size > 2 else blocks, reverse=True):
            yield f"only the first {count} of {size} are summed", asked.mapped("output", partial(_only_first, count))
        return
    wrong = hit_indices(_wrong(asked), 0)
    count = int(wrong[0]) if len(wrong) else 0
    if not count or size - count < 2:
        return
    index = np.arange(size)
    yield f"zero from image {count} on", asked.changed(partial(_only_first, count))
    yield f"the first again from image {count} on", asked.changed(lambda array: array[index % count])
    yield f"that of image {count - 1} from there on", asked.changed(lambda array: array[np.minimum(index, count - 1)])


def _only_first(count: int, array: Array) -> Array:
    return np.where(along_axis(np.arange(len(array)) < count, 0, array.ndim), array, 0.0)


def later_images_wrong(asked: Computation) -> Iterator[Prediction]:
    """The first images of the batch are right, and all from some index on are wrong.

    Look at the size of a block of images, or of a buffer, and at what is counted from the first image.
    """
    if asked.gives not in ("input", "output"):
        return
    wrong = _wrong(asked)
    indices, size = hit_indices(wrong, 0), len(wrong)
    if 0 < len(indices) < size and indices[0] == size - len(indices):
        later = along_axis(np.arange(size) >= indices[0], 0, wrong.ndim)
        yield from _taken_from_answer(asked, later, f"from image {indices[0]} on")


def _single(asked: Computation, axis: int, name: str) -> Iterator[Prediction]:
    wrong = _wrong(asked)
    indices, size = hit_indices(wrong, axis), wrong.shape[axis]
    if len(indices) == 1 and size > 1:
        only = along_axis(np.arange(size) == indices[0], axis, wrong.ndim)
        yield from _taken_from_answer(asked, only, f"{name} {indices[0]}")


HYPOTHESES = (
    Hypothesis.of("constant-output", constant_output),
    Hypothesis.of("repeated", repeated),
    Hypothesis.of("beyond-a-block-of-images", beyond_a_block, "batch > 1"),
    Hypothesis.of("unwritten", nothing_summed),
)

LOCATIONS = (
    Hypothesis.of("border-only", border_only, "padding"),
    Hypothesis.of("single-place", single_position),
    Hypothesis.of("single-channel", single_channel),
    Hypothesis.of("single-image", single_image, "batch > 1"),
    Hypothesis.of("later-images-wrong", later_images_wrong, "batch > 1"),
    Hypothesis.of("tail-only", tail_only),
    Hypothesis.of("left-at-zero", left_at_zero),
)
