"""The definition: a convolution and its two gradients as plain loops over one list of products, for any spatial rank.

Every operation of the suite sums the same products and differs only in which of the three arrays it sums them into.
``fast`` computes the same faster. Source: Goodfellow, Bengio & Courville, "Deep Learning" (2016), 9.5.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.borders import source
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


def forward(problem: Problem, x: Array, w: Array) -> Array:
    """Return ``y[n, o, p] = sum over c, t of x[n, c, p * stride + t * dilation - lo] * w[o, c, t]``.

    x: ``(N, C, *input_size)``, w: ``(O, C / groups, *kernel_size)``, y: ``(N, O, *output_size)``; c runs over the
    channels of the group that o belongs to; beyond the data x is what ``problem.border`` says. All in the operands'
    dtype.
    """
    y = np.zeros(problem.output_shape, x.dtype)
    for in_x, in_w, in_y in terms(problem):
        y[in_y] += x[in_x] * w[in_w]
    return y


def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
    """Return the adjoint of ``forward`` in x, ``<forward(x, w), dy> = <x, dx>``: products go where their x came from.

    dy: ``(N, O, *output_size)``, w: ``(O, C / groups, *kernel_size)``, dx: ``(N, C, *input_size)``.
    """
    dx = np.zeros(problem.input_shape, dy.dtype)
    for in_x, in_w, in_y in terms(problem):
        dx[in_x] += dy[in_y] * w[in_w]
    return dx


def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
    """Return the adjoint of ``forward`` in w, ``<forward(x, w), dy> = <w, dw>``: products go where their w came from.

    x: ``(N, C, *input_size)``, dy: ``(N, O, *output_size)``, dw: ``(O, C / groups, *kernel_size)``.
    """
    dw = np.zeros(problem.filter_shape, x.dtype)
    for in_x, in_w, in_y in terms(problem):
        dw[in_w] += x[in_x] * dy[in_y]
    return dw


def terms(problem: Problem) -> Iterator[tuple[Size, Size, Size]]:
    """Yield the index in x, in w and in y of every product of the convolution; those with zero padding are left out."""
    outputs_of_group = problem.out_channels // problem.groups
    inputs_of_group = problem.in_channels // problem.groups
    for n, o, c in product(range(problem.batch), range(problem.out_channels), range(inputs_of_group)):
        channel = o // outputs_of_group * inputs_of_group + c
        for position in product(*map(range, problem.output_size)):
            for tap in product(*map(range, problem.kernel_size)):
                element = input_element(problem, position, tap)
                if element is not None:
                    yield (n, channel, *element), (o, c, *tap), (n, o, *position)


def input_element(problem: Problem, position: Size, tap: Size) -> Size | None:
    """Return the element of the input that a tap reads, None where it reads a zero of the border."""
    axes = zip(input_position(problem, position, tap), problem.input_size, strict=True)
    element = [source(problem.border, index, size) for index, size in axes]
    return None if None in element else tuple(index for index in element if index is not None)


def input_position(problem: Problem, position: Size, tap: Size) -> Size:
    """Return ``position * stride + tap * dilation - padding.lo`` per axis, the index map; it may lie in the padding."""
    axes = zip(position, problem.stride, tap, problem.dilation, problem.padding, strict=True)
    return tuple(p * s + t * d - lo for p, s, t, d, (lo, _) in axes)
