"""Every case of the suite, by tier and by id."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from convformance.test_cases.case import TIERS, Case
from convformance.test_cases.families import (
    bias,
    channels,
    dilation,
    empty,
    groups,
    kernels,
    layers,
    memory,
    padding,
    porting,
    precision,
    ranks,
    regression_edges,
    regression_forward,
    regression_gradients,
    regression_transposed,
    remainders,
    same,
    special,
    strides,
    sweep,
    tiles,
    transposed,
    traps,
)

FAMILIES: dict[str, str] = {
    "ranks": "plain convolutions of rank 1 to 3, and every parameter at once",
    "strides": "strides 1 to 4, unequal by axis, within the kernel and beyond it",
    "kernels": "odd, even, rectangular and pointwise kernels, as large as the input and larger",
    "padding": "every symbol, unequal sides, wider than the kernel, negative",
    "same": "symbolic SAME with every remainder of the stride, odd totals, even kernels, dilation",
    "dilation": "unequal dilations, with stride, wider than the input",
    "groups": "grouped and depthwise, with a multiplier, with stride and dilation",
    "traps": "shapes so equal that a swap or a reshape keeps them",
    "remainders": "input rows and columns that no output reads",
    "transposed": "every legal result size of a transposed convolution",
    "bias": "bias and its gradient",
    "empty": "empty batches, channels and results, single elements",
    "channels": "channel counts around the blocks of vector code",
    "tiles": "spatial sizes around the tiles of blocked code, long rows",
    "memory": "operands that are slices of larger arrays or have permuted axes",
    "special": "NaN and infinities, and where the result must show them",
    "precision": "sums of ten to five thousand products",
    "porting": "confusions of people who write or port a convolution",
    "regression": "defects reported in public trackers",
    "layers": "layers of well-known networks at their real sizes",
    "sweep": "a seeded sample of the product of all parameters",
}

_MODULES = (
    ranks,
    strides,
    kernels,
    padding,
    same,
    dilation,
    groups,
    traps,
    remainders,
    transposed,
    bias,
    empty,
    channels,
    tiles,
    memory,
    special,
    precision,
    porting,
    regression_forward,
    regression_gradients,
    regression_transposed,
    regression_edges,
    layers,
)


def all_cases() -> tuple[Case, ...]:
    """Return every case, in the order of the families; raises ValueError when two cases share an id."""
    return tuple(_by_id().values())


@cache
def cases(tier: str) -> tuple[Case, ...]:
    """Return the cases of ``tier``, which holds those of the tiers before it; raises ValueError for an unknown tier."""
    if tier not in TIERS:
        raise ValueError(f"tier={tier!r} is unknown; allowed: {', '.join(TIERS)}")
    held = TIERS[: TIERS.index(tier) + 1]
    return all_cases() if tier == "full" else tuple(case for case in _declared() if case.tier in held)


def case_by_id(case_id: str) -> Case:
    """Return the case with this id; raises ValueError naming the ids that are nearest to it when there is none."""
    known = _by_id()
    if case_id not in known:
        near = get_close_matches(case_id, known, n=3, cutoff=0.0)
        raise ValueError(f"case id {case_id!r} is unknown; the nearest: {', '.join(near)}")
    return known[case_id]


def count_questions(asked: Iterable[Case]) -> int:
    """Return how many (case, operation, dtype) there are in ``asked``, before any adapter multiplies them by its routes."""
    return sum(len(case.operations) * len(case.dtypes) for case in asked)


def family_table() -> str:
    """Return the families as a Markdown table: what each is about, how many cases each tier has of it, how many questions."""
    counted = [
        (name, FAMILIES[name], [[case for case in cases(tier) if case.family == name] for tier in TIERS])
        for name in FAMILIES
    ]
    total = ("all", "", [list(cases(tier)) for tier in TIERS])
    head = ("| family | what it asks | smoke | standard | full | questions, standard |", "|---|---|--:|--:|--:|--:|")
    return "\n".join((*head, *(_row(*entry) for entry in (*counted, total))))


def _row(name: str, about: str, by_tier: list[list[Case]]) -> str:
    counts = " | ".join(str(len(held)) for held in by_tier)
    return f"| {name} | {about} | {counts} | {count_questions(by_tier[TIERS.index('standard')])} |"


@cache
def _declared() -> tuple[Case, ...]:
    return tuple(case for module in _MODULES for case in module.CASES)


@cache
def _by_id() -> dict[str, Case]:
    known: dict[str, Case] = {}
    for case in (*_declared(), *sweep.sampled_cases()):
        if case.id in known:
            raise ValueError(f"case id {case.id!r} stands twice: {known[case.id].catches!r} and {case.catches!r}")
        known[case.id] = case
    return known
