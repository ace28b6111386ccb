"""Which cases a function is asked: the suite's own where they fit what it can take, and small ones that are drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod

from convformance.checking.caller import Capabilities
from convformance.checking.kernels import with_fixed_kernel
from convformance.checking.layouts import Layouts
from convformance.checking.values import with_parts
from convformance.checking.whole_numbers import with_whole_numbers
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem
from convformance.test_cases import catalogue
from convformance.test_cases.case import Case
from convformance.test_cases.drawing import drawn_cases

LARGEST = 100_000  # multiplications of one question
LONGEST = 5_000  # output elements: a loop in Python that visits each takes milliseconds for a thousand
_DRAWN = 40  # cases that are asked of those that are drawn


def cases(capabilities: Capabilities, dtype: str, *, empty: bool) -> list[Case]:
    """Return the cases, each with those of its operations that can be asked, from small to big.

    ``empty`` lets through empty batches and kernels larger than the padded input, whose results have no elements.
    """
    rank = capabilities.layouts.rank
    own = catalogue.standard_cases_of(rank, dtype, capabilities.operations)
    # Processors and libraries take subnormal numbers for 0 in one mode and not in another: no mistake of a function's.
    ordinary = (each for each in own if not each.problem.beyond and each.range != "subnormal")
    declared = askable(ordinary, capabilities, dtype, empty=empty)
    by_id = {each.id: each for each in declared}
    drawn: dict[str, Case] = {}
    for each in askable(drawn_cases(rank), capabilities, dtype, empty=empty):
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
        if fitted is None or _takes_long(fitted.problem) or not (empty or _has_elements(fitted)):
            continue
        operations = [each for each in fitted.operations if capabilities.refuses(each, fitted.problem) is None]
        if operations:
            yield replace(fitted, operations=tuple(operations))


def _takes_long(problem: Problem) -> bool:
    return problem.multiplications > LARGEST or prod(problem.output_shape) > LONGEST


def _fitted(candidate: Case, capabilities: Capabilities) -> Case | None:
    """Return the case with what the function requires, and a bias as it takes it; None where that makes no case."""
    changes = dict(capabilities.required_geometry)
    output_padding = changes.pop("output_padding", None)
    changes = {**_channels(candidate, capabilities.layouts), **changes}
    if "border" in changes and "padding" not in changes and not _is_padded(candidate) and sum(candidate.input_size) % 3:
        changes["padding"] = ((1, 1),) * len(candidate.input_size)  # a border shows in padding alone
    if capabilities.bias != "either":
        changes["bias"] = capabilities.bias == "always"
    operations = tuple(operation for operation in capabilities.operations if operation in candidate.operations)
    try:
        fitted = replace(candidate, **{**changes, "operations": operations})
        spatial = capabilities.layouts.spatial
        fitted = replace(fitted, **with_parts(capabilities.required_parts, fitted.problem, spatial))
        if output_padding is not None:
            fitted = replace(fitted, input_size=_with_output_padding(fitted.problem, output_padding))
        for restricted in (with_fixed_kernel, with_whole_numbers):
            fitted = restricted(fitted, capabilities.function)
        _ = fitted.problem  # raises ValueError
    except ValueError:
        return None
    return fitted


def _channels(candidate: Case, layouts: Layouts) -> dict[str, int]:
    """Return the counts of the case with channels that the layouts can have."""
    if layouts.shared:
        channels = layouts.channels or {1: 1, 2: 3, 3: 3, 4: 3}.get(candidate.in_channels, 5)
        return {"batch": channels * min(candidate.batch, 2) if "N" in layouts.activations else channels, "groups": 1}
    if layouts.depthwise:
        channels = candidate.in_channels | ("C" in layouts.filters)  # odd where they are told from a multiplier by that
        multiplier = 1 + (candidate.out_channels > candidate.in_channels) if "M" in layouts.filters else 1
        return {"groups": channels, "in_channels": channels, "out_channels": channels * multiplier}
    if "I" not in layouts.filters and candidate.in_channels != candidate.groups:
        return {"in_channels": candidate.groups}
    return {}


def _is_padded(candidate: Case) -> bool:
    return any(map(any, candidate.problem.padding))


def _with_output_padding(problem: Problem, wanted: Size) -> Size:
    """Return the input size that lies ``wanted`` above the smallest one with the same output."""
    sizes = zip(problem.input_size, problem.output_padding, wanted, strict=True)
    return tuple(size - actual + padding for size, actual, padding in sizes)


def _has_elements(case: Case) -> bool:
    problem = case.problem
    return all(map(prod, (problem.input_shape, problem.filter_shape, problem.output_shape)))
