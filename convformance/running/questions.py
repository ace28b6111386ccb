"""Questions: one verdict to be had each, and which of them a run asks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, islice

from convformance.adapters import discovery
from convformance.adapters.contract import MissingFramework, Request, Route, UsageError
from convformance.adapters.discovery import Selection
from convformance.options import RunOptions
from convformance.reference.dtypes import ALL_DTYPES
from convformance.reference.operation import OPERATIONS
from convformance.reports.lines import Key, Outside
from convformance.test_cases import catalogue
from convformance.test_cases.case import DTYPES, TIERS, Case

_IN_TURNS = "below tier full, what is a matter of geometry, in turns with other routes"


@dataclass(frozen=True)
class Question:
    """One verdict to be had: an adapter's route asked for one case in one dtype."""

    adapter: str
    route: Route
    case: Case
    dtype: str

    @property
    def operation(self) -> str:
        """The operation asked for."""
        return self.route.operation

    @property
    def id(self) -> str:
        """The public id within its operation; with the name of the test it is the node id."""
        return f"{self.adapter}-{self.route.name}-{self.case.id}-{self.dtype}"

    @property
    def test_name(self) -> str:
        """The name of its pytest item: that of the operation's test function, with the id in brackets."""
        return f"test_{self.operation}[{self.id}]"

    def is_inside(self, tier: str) -> bool:
        """Whether it lies in the route's domain, in a run of that tier; only then it is asked."""
        # The key leaves out the adapter, so that every mode of one is asked the same.
        key = f"{self.operation}-{self.route.name}-{self.case.id}-{self.dtype}"
        case, argument = self.case, self.case.raw.argument if self.case.raw else ""
        has_bias = case.has_bias(self.operation)
        request = Request(case.problem, self.dtype, has_bias, tier, case.family, key, case.id, argument, case.memory)
        return self.route.domain.holds(request)

    @property
    def key(self) -> Key:
        """What identifies the verdict in a record."""
        return self.adapter, self.operation, self.route.name, self.case.id, self.dtype

    @property
    def key_without_route(self) -> tuple[str, ...]:
        """What questions share that differ in their route alone."""
        return self.adapter, self.operation, self.case.id, self.dtype


def question_of(selection: Selection, operation: str, route: str, case: str, dtype: str) -> Question:
    """Return one question by names; raises UsageError or ValueError for a name that does not exist."""
    if dtype not in ALL_DTYPES:
        raise UsageError(f"--dtype {dtype} is unknown; allowed: {', '.join(ALL_DTYPES)}")
    return Question(selection.label, selection.route(operation, route), catalogue.case_by_id(case), dtype)


@dataclass(frozen=True)
class Scope:
    """Which questions are asked: empty filters let everything through; ``shard`` is ``(index from 1, of)``.

    ``tier`` is for routes that are asked a sample, a larger one at the tier ``full``.
    """

    cases: tuple[Case, ...]
    operations: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    tier: str = "full"

    @classmethod
    def of(cls, options: RunOptions) -> "Scope":
        """Return the scope that ``options`` name; raises UsageError for an operation, dtype or family there is not."""
        cases = catalogue.cases_of(options.tier, options.allowed("family"))
        declared = tuple(dict.fromkeys(case.family for case in cases))
        for name, known in {"op": OPERATIONS, "dtype": ALL_DTYPES, "family": declared}.items():
            for value in options.allowed(name):
                if value not in known:
                    raise UsageError(f"--{name} {value} is unknown; allowed: {', '.join(known)}")
        operations, routes, dtypes, families, ids = map(options.allowed, ("op", "route", "dtype", "family", "case"))
        cases = catalogue.in_every_format(cases) if ids else cases
        return cls(cases, operations, routes, dtypes, families, ids, options.shard, options.tier)

    def questions(self, selections: Sequence[Selection]) -> list[Question]:
        """Return every question in scope, ordered so that those that share a truth stand together."""
        return self.asked_or_not(selections)[0]

    def asked_or_not(self, selections: Sequence[Selection]) -> tuple[list[Question], list[Question]]:
        """Return the questions in scope, and those that the cases pose beside them, of which nobody is asked any.

        These lie outside the domain of their route, or are left to another route of the adapter.
        """
        asked, others = list[Question](), list[Question]()
        for _, posed in groupby(self._posed(selections), lambda question: question.key_without_route):
            alike = list(posed)
            routes = self._routes_asked([question for question in alike if question.is_inside(self.tier)])
            for question in alike:
                (asked if question.route.name in routes else others).append(question)
        return asked, others

    def _routes_asked(self, inside: list[Question]) -> set[str]:
        """Return which routes of one adapter are asked, of those that one case in one dtype lies inside.

        Where routes take turns it is every other one, and in the next dtype those between: each of them is asked the
        case in some dtypes, and each dtype is asked of some. What is named is asked whole.
        """
        routes = {question.route.name for question in inside}
        usual = [question for question in inside if not question.route.domain.seldom]
        is_whole = self.tier == TIERS[-1] or self.ids or self.routes or self.dtypes
        turn = None if is_whole or len(usual) < 2 else catalogue.turn_of(usual[0].case)
        if turn is None:
            return routes
        others = (turn // len(DTYPES) + ALL_DTYPES.index(usual[0].dtype) + 1) % 2
        return routes - {question.route.name for question in usual[others::2]}

    def asked(self) -> Iterator[tuple[Case, str, str]]:
        """Yield every case in scope with each of its operations and dtypes, whoever is asked."""
        ordinary = (case for case in self._cases() if case.raw is None)
        pairs = ((case, operation) for case in ordinary for operation in case.operations)
        shares = ((case, operation) for case, operation in pairs if passes(operation, self.operations))
        index, of = self.shard
        for case, operation in islice(shares, index - 1, None, of):
            yield from ((case, operation, dtype) for dtype in case.dtypes if passes(dtype, self.dtypes))

    def _posed(self, selections: Sequence[Selection]) -> Iterator[Question]:
        shares = (share for case in self._cases() for share in self._of_case(case, selections))
        index, of = self.shard
        return (question for share in islice(shares, index - 1, None, of) for question in share)

    def _cases(self) -> Iterator[Case]:
        for case in self.cases:
            if passes(case.family, self.families) and (not self.ids or any(part in case.id for part in self.ids)):
                yield case

    def _of_case(self, case: Case, selections: Sequence[Selection]) -> Iterator[list[Question]]:
        """Yield the questions of each operation: what a shard does not tear apart, as they share data and truth."""
        dtypes = [dtype for dtype in case.dtypes if passes(dtype, self.dtypes)]
        for operation in case.operations:
            if passes(operation, self.operations):
                share = [each for dtype in dtypes for each in self._of_operation(case, operation, dtype, selections)]
                if share:
                    yield share

    def _of_operation(
        self, case: Case, operation: str, dtype: str, selections: Sequence[Selection]
    ) -> Iterator[Question]:
        for selection in selections:
            for route in selection.routes if case.raw is None else selection.raw_routes:
                if route.operation == operation and passes(route.name, self.routes):
                    yield Question(selection.label, route, case, dtype)


def count_outside(outside: Iterable[Question], asked: Iterable[Question], tier: str) -> tuple[Outside, ...]:
    """Return for each route of one adapter what it is not asked in that tier: outside its domain, or left to another.

    Beside it stands what of that no other route is asked.
    """
    answerable = {question.key_without_route for question in asked}
    by_route: dict[tuple[Route, str], list[Question]] = {}
    for question in outside:
        covers = _IN_TURNS if question.is_inside(tier) else question.route.domain.covers
        by_route.setdefault((question.route, covers), []).append(question)
    return tuple(_outside(*route, questions, answerable) for route, questions in by_route.items())


def _outside(route: Route, covers: str, questions: list[Question], answerable: set[tuple[str, ...]]) -> Outside:
    nowhere: dict[str, tuple[str, ...]] = {}
    for question in questions:
        if question.key_without_route not in answerable:
            nowhere[question.dtype] = (*nowhere.get(question.dtype, ()), question.case.id)
    return Outside(
        op=route.operation,
        route=route.name,
        covers=covers,
        dtypes=Counter(question.dtype for question in questions),
        families=Counter(question.case.family for question in questions),
        nowhere=nowhere,
    )


def passes(value: str, allowed: tuple[str, ...]) -> bool:
    """Whether a filter lets ``value`` through; an empty one lets everything."""
    return not allowed or value in allowed


def select(specs: Sequence[str]) -> tuple[tuple[Selection, ...], Mapping[str, str]]:
    """Return the adapters asked for, and of those that cannot be had why; without ``specs`` every built-in one.

    Raises UsageError for an adapter that was asked for by name and cannot be had, or twice.
    """
    if not specs:
        return _by_default()
    selections = tuple(discovery.load(spec) for spec in specs)
    labels = Counter(selection.label for selection in selections)
    twice = [label for label, count in labels.items() if count > 1]
    if twice:
        raise UsageError(f"--adapter {twice[0]} is given twice; allowed: each adapter and mode once")
    _check_process_options(selections)
    return selections, {}


def _check_process_options(selections: Sequence[Selection]) -> None:
    """Raise UsageError where two modes of a framework need a process of their own each: a worker asks all of them."""
    for first, second in combinations(selections, 2):
        if first.adapter_class is second.adapter_class:
            for option in first.adapter_class.process_options:
                if first.mode[option] != second.mode[option]:
                    raise UsageError(
                        f"--adapter {first.label} and --adapter {second.label} cannot be asked in one run: "
                        f"{option} holds for a whole process; ask each in a run of its own"
                    )


def _by_default() -> tuple[tuple[Selection, ...], Mapping[str, str]]:
    selections, missing = [], {}
    for name in discovery.DEFAULT:
        try:
            selections.append(discovery.load(name))
        except MissingFramework as error:
            missing[name] = str(error)
    return tuple(selections), missing
