"""The three contractions where each input channel is a group of its own: no sum over channels, so no matrix product.

Each tap is one pass over a tile of channels. In stride phases laid out flat, row after row with their padding, what a
tap reads at all output positions is one run of elements; so is the result, with gaps after the rows, dropped at last.
"""

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.blocks import Blocking, Buffer
from convformance.reference.fast.phases import merge, planes_shape, split
from convformance.reference.fast.products import inner_products
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


def forward(problem: Problem, x: Array, w: Array, blocking: Blocking) -> Array:
    """Return ``y``, as ``contractions.forward``."""
    y = np.empty(problem.output_shape, x.dtype)
    for_runs, for_terms = Buffer(x.dtype), Buffer(x.dtype)
    filters, taps = _filters(problem, w), list(_taps(problem))
    for number, tile, outputs in _tiles(problem, blocking, x.itemsize):
        phases = _flat(problem, split(x[number, tile], problem.padding, problem.stride))
        runs = for_runs.array(phases.shape[0], filters.shape[1], phases.shape[2])
        total = runs[..., : _length(problem)]
        term = for_terms.array(*total.shape)
        for tap, phase, elements in taps:
            read, weights = phases[:, np.newaxis, phase, elements], filters[tile, :, tap, np.newaxis]
            np.multiply(read, weights, out=term if tap else total)
            if tap:
                total += term
        y[number, outputs] = _without_gaps(problem, runs).reshape(-1, *problem.output_size)
    return y


def input_gradient(problem: Problem, dy: Array, w: Array, blocking: Blocking) -> Array:
    """Return ``dx``, as ``contractions.input_gradient``; w must be finite, as the gaps multiply it by 0."""
    dx = np.empty(problem.input_shape, dy.dtype)
    for_planes, for_runs, for_terms = (Buffer(dy.dtype) for _ in range(3))
    filters, taps = _filters(problem, w), list(_taps(problem))
    shape = planes_shape(1, problem.input_size, problem.padding, problem.stride)[1:]
    for number, tile, outputs in _tiles(problem, blocking, dy.itemsize):
        planes = for_planes.array(tile.stop - tile.start, *shape)
        planes[...] = 0
        phases = _flat(problem, planes)
        runs = _with_gaps(problem, dy[number, outputs], phases.shape, for_runs)
        term = for_terms.array(phases.shape[0], runs.shape[2])
        for (tap, phase, elements), output in product(taps, range(runs.shape[1])):
            phases[:, phase, elements] += np.multiply(runs[:, output], filters[tile, output, tap, np.newaxis], out=term)
        merge(planes, problem.padding, problem.stride, dx[number, tile])
    return dx


def filter_gradient(problem: Problem, x: Array, dy: Array, blocking: Blocking) -> Array:
    """Return ``dw``, as ``contractions.filter_gradient``; x must be finite, as the gaps multiply it by 0."""
    dw = np.zeros(problem.filter_shape, x.dtype)
    filters, for_runs, taps = _filters(problem, dw), Buffer(x.dtype), list(_taps(problem))
    for number, tile, outputs in _tiles(problem, blocking, x.itemsize):
        phases = _flat(problem, split(x[number, tile], problem.padding, problem.stride))
        runs = _with_gaps(problem, dy[number, outputs], phases.shape, for_runs)
        sums = np.empty((*runs.shape[:2], 1), x.dtype)
        for tap, phase, elements in taps:
            read = phases[:, np.newaxis, phase, elements]
            filters[tile, :, tap] += inner_products(runs, read, sums)[:, :, 0]
    return dw


def _tiles(problem: Problem, blocking: Blocking, itemsize: int) -> Iterator[tuple[int, slice, slice]]:
    """Yield image by image the channels of each tile, and the output channels they lead to."""
    each = problem.out_channels // problem.groups
    # Half a block, as a tile lies in memory twice: the products of one tap, and the sum of all.
    step = max(1, blocking.size // 2 // max(1, itemsize * each * prod(_quotients(problem))))
    for number, first in product(range(problem.batch), range(0, problem.groups, step)):
        last = min(problem.groups, first + step)
        yield number, slice(first, last), slice(first * each, last * each)


def _taps(problem: Problem) -> Iterator[tuple[int, int, slice]]:
    """Yield each tap's number in the kernel, its phase, and the run of elements it reads of it."""
    quotients, length = _quotients(problem), _length(problem)
    for number, tap in enumerate(product(*map(range, problem.kernel_size))):
        axes = (divmod(t * d, s) for t, d, s in zip(tap, problem.dilation, problem.stride, strict=True))
        shift, phase = zip(*axes, strict=True)
        first = _flat_index(shift, quotients)
        yield number, _flat_index(phase, problem.stride), slice(first, first + length)


def _quotients(problem: Problem) -> Size:
    return planes_shape(1, problem.input_size, problem.padding, problem.stride)[1 + problem.rank :]


def _length(problem: Problem) -> int:
    """Return the number of elements from the first output position to the last, gaps included; no output has none."""
    last = _flat_index(tuple(o - 1 for o in problem.output_size), _quotients(problem))
    return last + 1 if prod(problem.output_size) else 0


def _flat_index(index: Size, shape: Size) -> int:
    """Return the index in an array of ``shape`` laid out flat."""
    flat = 0
    for entry, extent in zip(index, shape, strict=True):
        flat = flat * extent + entry
    return flat


def _filters(problem: Problem, w: Array) -> Array:
    """Return a filter as ``(groups, O / groups, taps)``."""
    return w.reshape(problem.groups, problem.out_channels // problem.groups, prod(problem.kernel_size))


def _flat(problem: Problem, planes: Array) -> Array:
    """Return planes ``(C, *stride, *quotients)`` as ``(C, phases, elements)``."""
    return planes.reshape(planes.shape[0], prod(problem.stride), prod(_quotients(problem)))


def _without_gaps(problem: Problem, runs: Array) -> Array:
    """Return ``runs[..., elements]`` as ``(..., *output_size)``, a view."""
    spatial = runs.reshape(*runs.shape[:2], *_quotients(problem))
    return spatial[:, :, *map(slice, problem.output_size)]


def _with_gaps(problem: Problem, dy: Array, phases: Size, buffer: Buffer) -> Array:
    """Return dy ``(O, *output_size)`` as runs ``(C, O / C, elements)`` with zeros in the gaps; phases: their shape."""
    runs = buffer.array(phases[0], dy.shape[0] // phases[0], phases[2])
    runs[...] = 0
    spatial = _without_gaps(problem, runs)
    spatial[...] = dy.reshape(spatial.shape)
    return runs[..., : _length(problem)]
