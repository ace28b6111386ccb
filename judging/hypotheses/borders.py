"""Mistakes with what lies in the padding, where that is a border that repeats the data."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.judging.hypotheses.padding import padded_with
from convformance.reference.borders import BORDERS, ZERO

# What a border does to the data, and how it is made.
_EFFECTS = {
    ZERO: "holds zeros",
    "edge": "repeats the elements at the edge",
    "reflect": "mirrors the data without the element at the edge",
    "symmetric": "mirrors the data with the element at the edge",
    "wrap": "continues with the data of the other end",
}
_REMEDIES = {
    "edge": "Pad with the outermost element, as the mode edge of numpy.pad does",
    "reflect": "Pad with a mirror image without the outermost element, as the mode reflect of numpy.pad does",
    "symmetric": "Pad with a mirror image from the outermost element on, as the mode symmetric of numpy.pad does",
    "wrap": "Pad with what lies at the other end, as the mode wrap of numpy.pad does",
}
_GRADIENT = "in an input gradient add what falls on the border to the elements that it repeats."


def border_taken(wanted: str, taken: str, asked: Computation) -> Iterator[Prediction]:
    """Yield the border ``taken`` where ``wanted`` is asked for."""
    problem = asked.problem
    if problem.border == wanted and any(entry > 0 for pair in problem.padding for entry in pair):
        yield "", replace(asked, problem=replace(problem, border=taken))


def _taken(wanted: str, taken: str) -> Hypothesis:
    explanation = f"The padding {_EFFECTS[taken]}, where it {_EFFECTS[wanted]} as it is meant."
    remedy = f"{_REMEDIES[wanted]}; {_GRADIENT}"
    name = f"{taken}-padding-for-{wanted}"
    return Hypothesis(name, explanation, remedy, partial(border_taken, wanted, taken), ("padding",))


_SYMMETRIC = Hypothesis(
    "symmetric-padding-for-zero",
    "The padding mirrors the data, the element at the edge included.",
    "Pad with zeros.",
    partial(padded_with, "symmetric"),
    ("padding",),
)

HYPOTHESES = tuple(_taken(wanted, taken) for wanted in _REMEDIES for taken in BORDERS if taken != wanted)
# Tried after the padding of fewer elements, of which it is an edge repeated.
OF_ZERO = (_SYMMETRIC,)
