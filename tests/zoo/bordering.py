"""Beyond an ordinary convolution, made of tap loops: a border by ``numpy.pad``, and what follows by formula."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from convformance.reference.borders import ZERO
from convformance.reference.following import EPSILON, statistics
from convformance.reference.operations import along_channels
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays

Border = Callable[[Array, Problem], Array]


def surrounded(x: Array, problem: Problem) -> Array:
    """Return x with its border, or cropped where a padding is negative."""
    return _by_index(x, problem, np.positive)


def folded(padded: Array, problem: Problem) -> Array:
    """Return the gradient of x from that of x with its border: what lies on the border belongs where it came from."""
    rows = np.zeros((padded[0, 0].size, int(np.prod(problem.input_size))), padded.dtype)
    sources = _sources(problem).reshape(-1)
    rows[np.arange(len(sources)), sources] = 1
    flat: Array = padded.reshape(*padded.shape[:2], -1) @ rows
    return flat.reshape(problem.input_shape)


def _by_index(x: Array, problem: Problem, change: Callable[[Array], Array]) -> Array:
    flat = change(x.reshape(*x.shape[:2], -1))
    taken: Array = flat[..., _sources(problem).reshape(-1)]
    return taken.reshape(*x.shape[:2], *problem.padded_size)


def _sources(problem: Problem) -> Array:
    """Return for each padded element the place of what lies there, counted through the data."""
    places = np.arange(int(np.prod(problem.input_size))).reshape(problem.input_size)
    grown = [(max(lo, 0), max(hi, 0)) for lo, hi in problem.padding]
    padded: Array = np.pad(places, grown, problem.border)  # type: ignore[call-overload]
    kept = (
        slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in zip(padded.shape, problem.padding, strict=True)
    )
    return padded[tuple(kept)]


@dataclass(frozen=True)
class Beyond:
    """An implementation: how it makes a border, its gradient, and what follows; each part may be wrong."""

    surround: Border = surrounded
    fold: Border = folded
    follow: Callable[[Array, Array | None, Problem], Array] | None = None

    def __call__(self, operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        """Return ``operation``."""
        if problem.then:
            follow = self.follow or followed
            wide = [array.astype(np.float64) for array in arrays]
            z = tap_loops.apply(operation, problem.linear, tuple(wide))
            with np.errstate(invalid="ignore", over="ignore"):
                return round_once(
                    follow(z, None if bias is None else bias.astype(np.float64), problem), arrays[0].dtype
                )
        if problem.border == ZERO:
            return tap_loops.apply(operation, problem, arrays, bias)
        return self._bordered(operation, problem, arrays, bias)

    def _bordered(self, operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        inner = problem.unpadded
        if operation == "conv_input_grad":
            wide = tuple(array.astype(np.float64) for array in arrays)
            return round_once(self.fold(tap_loops.apply(operation, inner, wide), problem), arrays[0].dtype)
        x, other = arrays
        return tap_loops.apply(operation, inner, (self.surround(x, problem), other), bias)


def biased(z: Array, bias: Array | None) -> Array:
    """Return the convolution with its bias."""
    return z if bias is None else z + along_channels(bias, z.ndim - 2)


def followed(z: Array, bias: Array | None, problem: Problem) -> Array:
    """Return what follows, as it should be."""
    y = biased(z, bias)
    if problem.then != "relu":
        y = normal(y, *columns(z))
    return rectified(y, problem)


def rectified(y: Array, problem: Problem) -> Array:
    """Return y, with a rectifier where one follows."""
    return y if problem.then == "batch_norm" else np.maximum(y, 0)


def columns(z: Array) -> tuple[Array, Array, Array, Array]:
    """Return mean, variance plus epsilon, scale and shift of each channel of z."""
    numbers = statistics(z.shape[1])
    each = numbers.mean, numbers.variance + EPSILON, numbers.scale, numbers.shift
    mean, variance, scale, shift = (along_channels(array, z.ndim - 2) for array in each)
    return mean, variance, scale, shift


def normal(z: Array, mean: Array, variance: Array, scale: Array, shift: Array) -> Array:
    """Return z normalised."""
    return (z - mean) / np.sqrt(variance) * scale + shift


def with_border(border: str) -> Border:
    """Return how a border is made that is always of that kind."""
    return lambda x, problem: surrounded(x, replace(problem, border=border))
