"""What is done to a right result, channel by channel: a bias that nobody stated, or a scale and an offset."""

from collections.abc import Iterator

import numpy as np

from convformance.answers.question import Question
from convformance.judging.grades import COMPONENTWISE
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS

_SHOWN = 4
_UNIT = np.ones((1, 1))
_LEAST = 4  # elements of a channel, for two numbers to be known by them


def remark_on_channels(asked: Question, result: FillResult) -> tuple[str, ...]:
    """Return what each channel of a right result was added to or multiplied by; empty where that gives not the answer.

    The errors left must be within the bound, twice, as adding and multiplying round as well.
    """
    if asked.op not in WITH_BIAS or result.value.shape[1] == 0 or not np.isfinite(result.value).all():
        return ()
    got, want, bound = (_by_channel(array, asked) for array in (result.value, asked.trial.y, _bound(asked)))
    if got.shape[1] < _LEAST:
        return ()
    for text, scale, offset in _changes(got, want):
        rounding = 2 * np.maximum(np.abs(scale), 1) * bound + 2 * asked.result.unit * np.abs(got)
        if np.all(np.abs(got - scale * want - offset) <= rounding):
            return (text,)
    return ()


def _bound(asked: Question) -> Array:
    return asked.trial.tolerance(COMPONENTWISE, asked.precision)


def _by_channel(array: Array, asked: Question) -> Array:
    """Return an array of the result's shape with a row for each channel."""
    return np.moveaxis(np.broadcast_to(array, asked.shape), 1, 0).reshape(asked.shape[1], -1)


def _changes(got: Array, want: Array) -> Iterator[tuple[str, Array, Array]]:
    """Yield what may have been done to each row, the plainest first: how it is said, the scale and the offset."""
    offset = (got - want).mean(axis=1, keepdims=True)
    yield f"each channel has one number added to it, {_numbers(offset)}: a bias that was not stated?", _UNIT, offset
    scale = _quotient(got * want, want * want)
    yield f"each channel is multiplied by one number, {_numbers(scale)}", scale, np.zeros_like(scale)
    means = got.mean(axis=1, keepdims=True), want.mean(axis=1, keepdims=True)
    scale = _quotient((got - means[0]) * (want - means[1]), (want - means[1]) ** 2)
    offset = means[0] - scale * means[1]
    numbers = f"multiplied by one number, {_numbers(scale)}, and has one added, {_numbers(offset)}"
    yield f"each channel is {numbers}: a normalisation behind the convolution?", scale, offset


def _quotient(products: Array, squares: Array) -> Array:
    """Return the sum of each row of products over that of squares, 0 where there are none."""
    below: Array = squares.sum(axis=1, keepdims=True)
    quotient: Array = products.sum(axis=1, keepdims=True) / np.where(below > 0, below, 1.0)
    return quotient


def _numbers(column: Array) -> str:
    """Return the first few numbers of a column."""
    numbers = [f"{number:.6g}" for number in column[:_SHOWN, 0]]
    return ", ".join([*numbers, "..."] if len(column) > _SHOWN else numbers)
