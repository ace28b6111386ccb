"""Every case of the suite, by tier and by id."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache
from hashlib import blake2b

from convformance.test_cases.case import DTYPES, HUGE, TIERS, Case
from convformance.test_cases.families import (
    bias,
    borders,
    channels,
    complex_numbers,
    composition,
    derivatives,
    dilation,
    empty,
    groups,
    huge,
    integers,
    kernels,
    layers,
    limits,
    memory,
    mixed,
    outputs,
    padding,
    paths,
    porting,
    precision,
    ranges,
    ranks,
    refusals,
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

_REGRESSION = (
    *regression_forward.CASES,
    *regression_gradients.CASES,
    *regression_transposed.CASES,
    *regression_edges.CASES,
)

# Each family with its cases and what it asks, in the order of every listing. Two families are read or drawn on demand.
_TABLE: dict[str, tuple[tuple[Case, ...], str]] = {
    "ranks": (ranks.CASES, "plain convolutions of rank 1 to 3, and every parameter at once"),
    "strides": (strides.CASES, "strides 1 to 4, unequal by axis, within the kernel and beyond it"),
    "kernels": (kernels.CASES, "odd, even, rectangular and pointwise kernels, as large as the input and larger"),
    "padding": (padding.CASES, "every symbol, unequal sides, wider than the kernel, negative"),
    "same": (same.CASES, "symbolic SAME with every remainder of the stride, odd totals, even kernels, dilation"),
    "dilation": (dilation.CASES, "unequal dilations, with stride, wider than the input"),
    "groups": (groups.CASES, "grouped and depthwise, with a multiplier, with stride and dilation"),
    "traps": (traps.CASES, "shapes so equal that a swap or a reshape keeps them"),
    "remainders": (remainders.CASES, "input rows and columns that no output reads"),
    "transposed": (transposed.CASES, "every legal result size of a transposed convolution"),
    "bias": (bias.CASES, "bias and its gradient"),
    "empty": (empty.CASES, "empty batches, channels and results, single elements"),
    "channels": (channels.CASES, "channel counts around the blocks of vector code"),
    "tiles": (tiles.CASES, "spatial sizes around the tiles of blocked code, long rows"),
    "memory": (memory.CASES, "operands with other strides or alignment, or at the edge of unreadable memory"),
    "special": (special.CASES, "NaN and infinities, and where the result must show them"),
    "integers": (integers.CASES, "int8 and uint8 with zero points, int32"),
    "complex": (complex_numbers.CASES, "complex numbers, whose parts are summed crosswise"),
    "ranges": (ranges.CASES, "numbers from the ends of a type's range, and sums that leave it"),
    "precision": (precision.CASES, "sums of ten to five thousand products"),
    "porting": (porting.CASES, "confusions of people who write or port a convolution"),
    "paths": (paths.CASES, "ordinary shapes, for which fast paths are written"),
    "borders": (borders.CASES, "borders that repeat the data: reflected, at the edge, circular"),
    "outputs": (outputs.CASES, "transposed results with an output padding from the stride up to the dilation"),
    "composition": (composition.CASES, "what follows a convolution: a rectifier, a batch normalisation, both"),
    "derivatives": (derivatives.CASES, "what derivatives of derivatives, and maps over an operand, must get right"),
    "regression": (_REGRESSION, "defects reported in public trackers"),
    "refusals": (
        refusals.CASES,
        "arguments that have no meaning, or that few take: zero, negative, huge, a list too long",
    ),
    "limits": (limits.CASES, "sizes past what 16 bits count"),
    "layers": (layers.CASES, "layers of well-known networks at their real sizes"),
    "mixed": ((), "every pair of features that can meet, in every operation; every triple in full"),
    "sweep": ((), "a seeded sample of the product of all parameters"),
}
FAMILIES = {name: asks for name, (_, asks) in _TABLE.items()}
# Those whose point is a geometry, or where numbers lie, which every format has to get right.
_OF_ANY_FORMAT = (
    *("ranks", "strides", "kernels", "padding", "same", "dilation", "groups", "traps", "remainders", "transposed"),
    *("channels", "tiles", "memory", "porting", "borders"),
)


def all_cases() -> tuple[Case, ...]:
    """Return every case, in the order of the families; raises ValueError when two cases share an id."""
    return tuple(_by_id().values())


@cache
def cases(tier: str) -> tuple[Case, ...]:
    """Return the cases of ``tier`` and of the tiers before it, huge ones by themselves.

    Before the last tier a case whose point is a geometry is asked in three of the four formats, in turns.

    Raises ValueError for an unknown tier.
    """
    if tier == HUGE:
        return huge.CASES
    if tier not in TIERS:
        raise ValueError(f"tier={tier!r} is unknown; allowed: {', '.join((*TIERS, HUGE))}")
    if tier == TIERS[-1]:
        return all_cases()
    included = TIERS[: TIERS.index(tier) + 1]
    return tuple(_in_turns(case) for case in _declared() if case.tier in included)


def turn_of(case: Case) -> int | None:
    """Return a number by which formats, and routes of one adapter, take turns at a case, its id says which.

    None where none does: in the first tier, where the point is more than a geometry, and where formats are chosen.
    """
    if case.family not in _OF_ANY_FORMAT or case.tier != TIERS[1] or len(case.dtypes) < len(DTYPES) - 1:
        return None
    return blake2b(case.id.encode(), digest_size=1).digest()[0]


def _in_turns(case: Case) -> Case:
    """Return a case without one of the four formats where that costs time and is not its point."""
    turn = turn_of(case)
    if turn is None or case.dtypes != DTYPES:
        return case
    turn %= len(DTYPES)
    return replace(case, dtypes=(*DTYPES[:turn], *DTYPES[turn + 1 :]))


def in_every_format(asked: Iterable[Case]) -> tuple[Case, ...]:
    """Return cases of a tier as they were declared, none in turns."""
    declared = {case.id: case for case in _declared()}
    return tuple(declared.get(case.id, case) for case in asked)


def cases_of(tier: str, families: Iterable[str]) -> tuple[Case, ...]:
    """Return the cases of ``tier``, and raw arguments, which are in the last tier alone, where they are asked for."""
    asked = cases(tier)
    if "refusals" not in families or tier == TIERS[-1]:
        return asked
    return *asked, *(case for case in refusals.CASES if case not in asked)


def standard_cases_of(rank: int, dtype: str, operations: Collection[str]) -> Iterator[Case]:
    """Yield those of the standard tier with that rank and dtype that ask one of the operations; no others are built."""
    for case in (*_chosen(), *mixed.asked_of(rank, dtype, operations)):
        asks = len(case.input_size) == rank and dtype in case.dtypes and case.tier != TIERS[-1]
        if asks and not set(operations).isdisjoint(case.operations):
            yield case


def case_by_id(case_id: str) -> Case:
    """Return the case with this id; raises ValueError naming the ids that are nearest to it when there is none."""
    known = {**_by_id(), **{each.id: each for each in huge.CASES}}
    if case_id not in known:
        from difflib import get_close_matches  # takes as long to import as it is seldom needed

        near = get_close_matches(case_id, known, n=3, cutoff=0.0)
        raise ValueError(f"case id {case_id!r} is unknown; the nearest: {', '.join(near)}")
    return known[case_id]


def count_questions(asked: Iterable[Case]) -> int:
    """Return how many (case, operation, dtype) ``asked`` has, before any adapter multiplies them by its routes."""
    return sum(len(case.operations) * len(case.dtypes) for case in asked)


def family_table() -> str:
    """Return a Markdown table: what each family asks, its number of cases in each tier, its number of questions."""
    rows = [_row(name, FAMILIES[name], _tiers_of(name)) for name in FAMILIES]
    total = _row("all", "", {tier: list(cases(tier)) for tier in TIERS})
    head = "| family | what it asks | smoke | standard | full | questions, standard |"
    return "\n".join((head, "|---|---|--:|--:|--:|--:|", *rows, total))


def _tiers_of(family: str) -> dict[str, list[Case]]:
    return {tier: [case for case in cases(tier) if case.family == family] for tier in TIERS}


def _row(name: str, asks: str, by_tier: dict[str, list[Case]]) -> str:
    counts = " | ".join(str(len(asked)) for asked in by_tier.values())
    return f"| {name} | {asks} | {counts} | {count_questions(by_tier['standard'])} |"


@cache
def _declared() -> tuple[Case, ...]:
    return (*_chosen(), *mixed.cases())


def _chosen() -> Iterator[Case]:
    return (case for declared, _ in _TABLE.values() for case in declared)


def forget() -> None:
    """Read the families again when they are asked for next: cases were added to one."""
    for kept in (cases, _declared, _by_id):
        kept.cache_clear()


@cache
def _by_id() -> dict[str, Case]:
    known: dict[str, Case] = {}
    for case in (*_declared(), *sweep.sampled_cases()):
        if case.id in known:
            raise ValueError(f"case id {case.id!r} stands twice: {known[case.id].catches!r} and {case.catches!r}")
        known[case.id] = case
    return known
