"""Forms: the same numbers laid out in another way, computed piece by piece, or handed out in an unusual array."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.fast import CONTRACTIONS
from convformance.reference.problem import Problem
from tests.zoo.garden.ways import Contraction, last, padded, problem_of_group, read_by, taps
from tests.zoo.member import Arrays, Run


def handed_out(change: Callable[[Array], Array]) -> Run:
    """Return the reference, its result given to ``change``, which keeps the numbers."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        return change(operations.apply(operation, problem, *arrays, bias=bias))

    return run


def read_only(result: Array) -> Array:
    """Return ``result`` closed to writing."""
    result.flags.writeable = False
    return result


def in_fortran_order(result: Array) -> Array:
    """Return ``result`` with its first axis fastest in memory."""
    return np.asfortranarray(result)


def as_every_second(result: Array) -> Array:
    """Return ``result`` as every second element, backwards, of a larger array that holds NaN elsewhere."""
    larger = np.full([2 * size for size in result.shape], np.nan, result.dtype)
    view = larger[(slice(None, None, -2),) * result.ndim]
    view[...] = result
    return view


def in_one_buffer() -> Run:
    """Return the reference that writes every answer into one buffer, which it keeps."""
    buffer = np.empty(0)

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        nonlocal buffer
        result = operations.apply(operation, problem, *arrays, bias=bias)
        if buffer.nbytes < result.nbytes:
            buffer = np.empty(-(-result.nbytes // buffer.itemsize))
        kept = buffer.view(np.uint8)[: result.nbytes].view(result.dtype).reshape(result.shape)
        kept[...] = result
        return kept

    return run


def group_by_group(operation: str) -> Contraction:
    """Return the contraction made of one for each group."""

    def contraction(problem: Problem, first: Array, second: Array) -> Array:
        group_problem = problem_of_group(problem)
        filters_at = {"conv": 1, "conv_input_grad": 1}.get(operation)
        pieces = [
            np.split(a, problem.groups, axis=0 if at == filters_at else 1) for at, a in enumerate((first, second))
        ]
        parts = [CONTRACTIONS[operation](group_problem, *pair) for pair in zip(*pieces, strict=True)]
        return np.concatenate(parts, axis=0 if operation == "conv_filter_grad" else 1)

    return contraction


def image_by_image(operation: str) -> Contraction:
    """Return the contraction that takes the images from last to first, one at a time."""

    def contraction(problem: Problem, first: Array, second: Array) -> Array:
        single = replace(problem, batch=1)
        result = np.zeros(problem.result_shape(operation), first.dtype)
        for n in reversed(range(problem.batch)):
            image = slice(n, n + 1)
            if operation == "conv_filter_grad":
                result += CONTRACTIONS[operation](single, first[image], second[image])
            else:
                result[image] = CONTRACTIONS[operation](single, first[image], second)
        return result

    return contraction


def in_bands(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward band by band, three rows of the first spatial axis each, from padded rows of their own."""
    y = np.empty(problem.output_shape, x.dtype)
    wide = padded(x, problem.padding)
    for rows in _bands(problem.output_size[0], 3):
        step, extent = problem.stride[0], problem.effective_kernel[0]
        read = wide[:, :, rows.start * step : (rows.stop - 1) * step + extent]
        band = replace(problem, input_size=read.shape[2:], padding=((0, 0),) * problem.rank, symbol=None)
        y[:, :, rows] = CONTRACTIONS["conv"](band, read, w)
    return y


def _bands(size: int, height: int) -> Iterator[slice]:
    yield from (slice(start, min(start + height, size)) for start in range(0, size, height))


def channels_last(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward computed with channels last, tap after tap, and handed out as a view of that."""
    seen = np.moveaxis(padded(x, problem.padding), 1, -1).copy()
    y = np.zeros((problem.batch, *problem.output_size, problem.out_channels), x.dtype)
    for tap in taps(problem):
        y += _channels(problem, seen[(slice(None), *read_by(problem, tap))], w[last(*tap)])
    return np.moveaxis(y, -1, 1)


def _channels(problem: Problem, seen: Array, matrix: Array) -> Array:
    """Return what one tap adds, ``(N, *output_size, O)``, group by group."""
    parts = zip(np.split(seen, problem.groups, axis=-1), np.split(matrix, problem.groups), strict=True)
    return np.concatenate([part @ kernel.T for part, kernel in parts], axis=-1)
