"""What an argument is given for one problem: geometry in its form, a size, or the number of one axis or side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convformance.checking import forms
from convformance.checking.layouts import Layouts
from convformance.checking.names import COUNTS, Meaning
from convformance.checking.signature import SIZES, Parameter
from convformance.reference.geometry import Size
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem

_SIDES = {"lo": 0, "hi": 1}


def shapes_by_role(operation: str, problem: Problem) -> dict[str, Size]:
    """Return the canonical shapes of x, w, dy and y in the family that ``operation`` belongs to."""
    x, dy = problem.input_shape, problem.output_shape
    if BY_NAME[operation].transposed:
        x, dy = dy, x
    return {"x": x, "w": problem.filter_shape, "dy": dy, "y": dy}


def layout_role(operand: str) -> str:
    """Return what an operand is to the layouts: ``filter``, ``bias`` or ``activation``."""
    return {"w": "filter", "bias": "bias"}.get(operand, "activation")


def default_of(role: str, rank: int) -> Any:
    """Return what a geometry role is where nobody says anything of it."""
    return {"groups": 1, "padding": ((0, 0),) * rank}.get(role, (1,) * rank)


def value(parameter: Parameter, operations: Sequence[str], operation: str, problem: Problem, layouts: Layouts) -> Any:
    """Return what a geometry parameter is given, in its form; None where that cannot be written.

    ``output_*`` is what the function returns; one that returns several gradients gets the layer's output by that name.
    """
    role = str(parameter.role)
    if parameter.axis or parameter.side:
        return _number(parameter.meaning, operations, operation, problem, layouts.spatial)
    if role in SIZES:
        shape, operand = _array_of(role, operations, operation, problem)
        if role.endswith("shape"):
            return layouts.own_shape(shape, layout_role(operand))
        return forms.per_axis(parameter.forms, shape[2:])
    if role == "padding":
        return forms.padding(parameter.forms, problem, parameter.default)
    if role == "groups" or role in COUNTS:
        return _count(role, operation, problem)
    return forms.per_axis(parameter.forms, getattr(problem, role), layouts.activations)


def _count(role: str, operation: str, problem: Problem) -> int:
    """Return a number of channels, or of images; those of a transposed convolution are what it reads and gives."""
    swapped = {"in_channels": "out_channels", "out_channels": "in_channels"} if BY_NAME[operation].transposed else {}
    return int(getattr(problem, swapped.get(role, role)))


def _array_of(role: str, operations: Sequence[str], operation: str, problem: Problem) -> tuple[Size, str]:
    """Return the canonical shape that a size is of, and the array: ``input`` is x, ``kernel`` w."""
    array = role.partition("_")[0]
    only_bias = all(BY_NAME[each].result == "bias" for each in operations)
    if array == "output" and len(operations) == 1 and not only_bias:
        return problem.result_shape(operation), "w" if BY_NAME[operation].result == "filter" else "dy"
    operand = {"input": "x", "kernel": "w", "output": "dy"}[array]
    return shapes_by_role(operation, problem)[operand], operand


def _number(meaning: Meaning, operations: Sequence[str], operation: str, problem: Problem, spatial: str) -> int | None:
    """Return the number of one axis or side, or None where those that it stands for differ."""
    numbers = dict(_numbers(meaning.role, operations, operation, problem, spatial))
    own = {number for (axis, side), number in numbers.items() if _covers(meaning, axis, side)}
    if not own:  # of an axis that is not there
        return {"padding": 0, "output_padding": 0}.get(meaning.role, 1)
    return own.pop() if len(own) == 1 else None


def _covers(meaning: Meaning, axis: str, side: str) -> bool:
    return meaning.axis in ("", axis) and meaning.side in ("", side)


def _numbers(
    role: str, operations: Sequence[str], operation: str, problem: Problem, spatial: str
) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the numbers of a role by axis and side."""
    if role == "padding":
        for axis, pair in zip(spatial, problem.padding, strict=True):
            yield from (((axis, side), pair[index]) for side, index in _SIDES.items())
        return
    numbers = _array_of(role, operations, operation, problem)[0][2:] if role in SIZES else getattr(problem, role)
    yield from (((axis, ""), number) for axis, number in zip(spatial, numbers, strict=True))


def parts_missing(
    role: str, parts: Sequence[Parameter], operation: str, problem: Problem, layouts: Layouts
) -> list[str]:
    """Return the axes and sides that ``parts`` cannot give ``problem`` what it has there."""
    default = 0 if role == "padding" else 1
    missing = []
    for (axis, side), number in _numbers(role, (operation,), operation, problem, layouts.spatial):
        own = [part for part in parts if _covers(part.meaning, axis, side)]
        values = [value(part, (operation,), operation, problem, layouts) for part in own]
        if None in values or (not own and number != default):
            missing.append(f"{role} of {axis}")
    return missing


def with_parts(stated: Mapping[Meaning, int], problem: Problem, spatial: str) -> dict[str, Any]:
    """Return the geometry of ``problem`` with the numbers of some axes and sides replaced, by the problem's names."""
    changes: dict[str, Any] = {}
    for meaning, number in stated.items():
        old = changes.get(meaning.role, getattr(problem, meaning.role))
        if meaning.role == "padding":
            sides = ("lo", "hi")
            changes[meaning.role] = tuple(
                tuple(number if _covers(meaning, axis, side) else pair[index] for index, side in enumerate(sides))
                for axis, pair in zip(spatial, old, strict=True)
            )
        else:
            pairs = zip(spatial, old, strict=True)
            changes[meaning.role] = tuple(number if _covers(meaning, axis, "") else each for axis, each in pairs)
    return changes
