"""Mistakes with complex numbers: a conjugate, a sign, a part that is lost."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.reference.arrays import Array, joined

_OPERANDS = ("the first operand", "the second operand")


def conjugated(asked: Computation) -> Iterator[Prediction]:
    """An operand, or the result, is conjugated.

    Neither a convolution nor the map of its gradient conjugates; a correlation of signals, and a derivative by some
    automatic differentiations, does: conjugate once more.
    """
    yield from _with_each(asked, np.conj)
    if np.iscomplexobj(asked.result):
        yield "the result", asked.changed(np.conj)


def imaginary_part_lost(asked: Computation) -> Iterator[Prediction]:
    """One part of a complex number is lost.

    Look for a conversion to a real type, or for an assignment to an array of one.
    """
    if np.iscomplexobj(asked.result):
        yield "the imaginary part of the result", asked.changed(lambda value: value.real + 0j)
    yield from _with_each(asked, lambda array: array.real + 0j)


def parts_exchanged(asked: Computation) -> Iterator[Prediction]:
    """Real and imaginary part are exchanged.

    Read and write pairs of a real and an imaginary part in that order.
    """
    if np.iscomplexobj(asked.result):
        yield "in the result", asked.changed(_exchanged)
    yield from _with_each(asked, _exchanged)


def square_of_i(asked: Computation) -> Iterator[Prediction]:
    """The product of two imaginary parts is added to the real part, not subtracted.

    Compute (a + bi)(c + di) as (ac - bd) + (ad + bc)i.
    """
    if np.iscomplexobj(asked.result) and len(asked.arrays) > 1:
        first, second = asked.arrays
        mirrored = replace(asked, arrays=(first, second.conj()))
        yield "", asked.changed(lambda value: joined(mirrored.result.real, value.imag))


def _exchanged(array: Array) -> Array:
    return joined(array.imag, array.real)


def _with_each(asked: Computation, change: Callable[[Array], Array]) -> Iterator[Prediction]:
    """Yield the computation with each operand that is complex changed."""
    named: Mapping[str, Array] = dict(zip(_OPERANDS, asked.arrays, strict=False))
    for index, (name, array) in enumerate(named.items()):
        if np.iscomplexobj(array):
            yield name, replace(asked, arrays=(*asked.arrays[:index], change(array), *asked.arrays[index + 1 :]))


HYPOTHESES = (
    Hypothesis.of("conjugated", conjugated, "complex numbers"),
    Hypothesis.of("square-of-i", square_of_i, "complex numbers"),
    Hypothesis.of("imaginary-part-lost", imaginary_part_lost, "complex numbers"),
    Hypothesis.of("parts-exchanged", parts_exchanged, "complex numbers"),
)
