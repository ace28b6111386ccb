"""Mistakes with what follows a convolution: a rectifier or a normalisation in the wrong order, or of other numbers."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, Statistics, follow, normalises, rectifies, statistics
from convformance.reference.operations import along_channels


def following_ignored(asked: Computation) -> Iterator[Prediction]:
    """The result is that of the convolution, without what follows it.

    Apply the rectifier or the normalisation that was asked for.
    """
    if asked.problem.then:
        yield "", replace(asked, problem=asked.problem.linear)


def rectified_before_bias(asked: Computation) -> Iterator[Prediction]:
    """The rectifier comes before the bias in place of behind it.

    Add the bias first: results below 0 are possible otherwise.
    """
    if asked.problem.then == "relu" and asked.bias is not None:
        bias = along_channels(asked.bias, asked.rank)
        convolution = replace(asked, problem=asked.problem.linear, bias=None)
        yield "", convolution.changed(lambda z: np.maximum(z, 0) + bias)


def rectified_before_normalisation(asked: Computation) -> Iterator[Prediction]:
    """The rectifier comes before the normalisation in place of behind it.

    Normalise first: results below 0 are possible otherwise.
    """
    if normalises(asked.problem.then) and rectifies(asked.problem.then):
        convolution = replace(asked, problem=asked.problem.linear)
        yield "", convolution.changed(lambda z: follow("batch_norm", np.maximum(z, 0)))


def variance_for_deviation(asked: Computation) -> Iterator[Prediction]:
    """The normalisation divides by the variance and not by its square root.

    Divide by the square root of variance plus epsilon.
    """
    yield from _normalised(asked, "", lambda numbers: numbers.scale / (numbers.variance + EPSILON))


def epsilon_forgotten(asked: Computation) -> Iterator[Prediction]:
    """The normalisation divides by the root of the variance alone, or adds epsilon to the root.

    Add epsilon to the variance, before the square root.
    """
    yield from _normalised(asked, "left out", lambda numbers: numbers.scale / np.sqrt(numbers.variance))
    yield from _normalised(
        asked, "added to the root", lambda numbers: numbers.scale / (np.sqrt(numbers.variance) + EPSILON)
    )


def normalisation_folded_into_filter(asked: Computation) -> Iterator[Prediction]:
    """The normalisation is folded into the filter, and the bias is left as it was.

    Fold it into the bias too.
    """
    if not normalises(asked.problem.then):
        return
    bias = 0.0 if asked.bias is None else along_channels(asked.bias, asked.rank)
    factor = along_channels(_numbers(asked).factor, asked.rank)
    convolution = replace(asked, problem=asked.problem.linear, bias=None)
    yield "", convolution.changed(lambda z: _rectified(asked, factor * z + bias))
    yield "without mean and shift", convolution.changed(lambda z: _rectified(asked, factor * (z + bias)))


def _numbers(asked: Computation) -> Statistics:
    return statistics(asked.problem.result_shape(asked.operation)[1])


def _rectified(asked: Computation, y: Array) -> Array:
    return np.maximum(y, 0) if rectifies(asked.problem.then) else y


def _normalised(asked: Computation, detail: str, factor: Callable[[Statistics], Array]) -> Iterator[Prediction]:
    """Yield a normalisation by another factor of each channel."""
    if not normalises(asked.problem.then):
        return
    numbers = _numbers(asked)
    s, m, t = (along_channels(array, asked.rank) for array in (factor(numbers), numbers.mean, numbers.shift))
    convolution = replace(asked, problem=asked.problem.linear)
    yield detail, convolution.changed(lambda z: _rectified(asked, (z - m) * s + t))


HYPOTHESES = (
    Hypothesis.of("following-ignored", following_ignored),
    Hypothesis.of("rectified-before-bias", rectified_before_bias, "bias"),
    Hypothesis.of("rectified-before-normalisation", rectified_before_normalisation),
    Hypothesis.of("variance-for-deviation", variance_for_deviation),
    Hypothesis.of("epsilon-forgotten", epsilon_forgotten),
    Hypothesis.of("normalisation-folded-into-filter", normalisation_folded_into_filter),
)
