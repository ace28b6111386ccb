"""Which cases a function is asked: the suite's own where they fit what it can take, and small ones that are drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod

from convformance.checking.caller import Capabilities
from convformance.checking.values import with_parts
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem
from convformance.test_cases import catalogue
from convformance.test_cases.case import Case
from convformance.test_cases.drawing import drawn_cases

LARGEST = 100_000  # multiplications of one question
_DRAWN = 40  # cases that are asked of those that are drawn


def cases(capabilities: Capabilities, dtype: str, *, empty: bool) -> list[Case]:
    """Return the cases, each with those of its operations that can be asked, from small to big.

    ``empty`` lets through empty batches and kernels larger than the padded input, whose results have no elements.
    """
    declared = askable(catalogue.cases("standard"), capabilities, dtype, empty=empty)
    by_id = {each.id: each for each in declared}
    drawn: dict[str, Case] = {}
    for each in askable(drawn_cases(capabilities.layouts.rank), capabilities, dtype, empty=empty):
        drawn.setdefault(each.id, each)
        if len(drawn) == _DRAWN:
            break
    return sorted({**by_id, **drawn}.values(), key=lambda each: (each.problem.multiplications, each.id))


def askable(declared: Iterable[Case], capabilities: Capabilities, dtype: str, *, empty: bool) -> Iterator[Case]:
    """Yield the cases as the function can be asked them, with the operations it is asked for."""
    for candidate in declared:
        if len(candidate.input_size) != capabilities.layouts.rank or dtype not in candidate.dtypes:
            continue
        fitted = _fitted(candidate, capabilities)
        if fitted is None or fitted.problem.multiplications > LARGEST or not (empty or _has_elements(fitted)):
            continue
        operations = [each for each in fitted.operations if capabilities.refuses(each, fitted.problem) is None]
        if operations:
            yield replace(fitted, operations=tuple(operations))


def _fitted(candidate: Case, capabilities: Capabilities) -> Case | None:
    """Return the case with what the function requires, and a bias as it takes it; None where that makes no case."""
    changes = dict(capabilities.required_geometry)
    output_padding = changes.pop("output_padding", None)
    if "I" not in capabilities.layouts.filters and candidate.in_channels != candidate.groups:
        changes["in_channels"] = candidate.groups
    if capabilities.bias != "either":
        changes["bias"] = capabilities.bias == "always"
    operations = tuple(operation for operation in capabilities.operations if operation in candidate.operations)
    try:
        fitted = replace(candidate, **{**changes, "operations": operations})
        spatial = capabilities.layouts.spatial
        fitted = replace(fitted, **with_parts(capabilities.required_parts, fitted.problem, spatial))
        if output_padding is not None:
            fitted = replace(fitted, input_size=_with_output_padding(fitted.problem, output_padding))
        _ = fitted.problem  # raises ValueError
    except ValueError:
        return None
    return fitted


def _with_output_padding(problem: Problem, wanted: Size) -> Size:
    """Return the input size that lies ``wanted`` above the smallest one with the same output."""
    sizes = zip(problem.input_size, problem.output_padding, wanted, strict=True)
    return tuple(size - actual + padding for size, actual, padding in sizes)


def _has_elements(case: Case) -> bool:
    problem = case.problem
    return all(map(prod, (problem.input_shape, problem.filter_shape, problem.output_shape)))
