"""Figures: what the records of the zoo and of the garden add up to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from convformance.judging.grades import NORM_WISE
from convformance.test_cases.case import DTYPES, TIERS, Case
from convformance.test_cases.catalogue import FAMILIES, cases
from tests.zoo.matrix import RAISED, RIGHT, Outcome, Record
from tests.zoo.rivals import RULES
from tests.zoo.seeds import misjudged

ENOUGH = 3  # cases that catch each defect


@dataclass(frozen=True)
class Figures:
    """The records of one run over ``tier``: ``zoo`` of wrong implementations, ``garden`` of right ones.

    ``seeds`` is how many other seeds were asked, ``changes`` a sentence for every outcome that one of them changes.
    """

    tier: str
    zoo: Sequence[Record]
    garden: Sequence[Record]
    seeds: int = 0
    changes: Sequence[str] = ()

    @cached_property
    def escaped(self) -> list[Record]:
        """The wrong implementations that nothing catches."""
        return [record for record in self.zoo if not record.caught]

    @cached_property
    def weak(self) -> list[Record]:
        """The wrong implementations that fewer than three cases catch."""
        return [record for record in self.zoo if len(record.catching) < ENOUGH]

    @cached_property
    def early(self) -> list[Record]:
        """The wrong implementations that the smoke tier catches."""
        return [record for record in self.zoo if first_tier(record) == TIERS[0]]

    @cached_property
    def named(self) -> list[Record]:
        """The wrong implementations whose diagnosis has a public name."""
        return [record for record in self.zoo if record.member.diagnosis]

    @cached_property
    def misnamed(self) -> list[Record]:
        """Those that are taken for something else."""
        return [record for record in self.named if not record.rightly_named]

    @cached_property
    def idle(self) -> list[Case]:
        """The cases that catch none of the zoo."""
        catching = {case_id for record in self.zoo for case_id in record.catching}
        return [case for case in cases(self.tier) if case.id not in catching]

    @cached_property
    def needed(self) -> set[str]:
        """The ids of cases that some defect cannot do without, as no more than three catch it."""
        return {case_id for record in self.zoo if len(record.catching) <= ENOUGH for case_id in record.catching}

    def failures(self) -> list[str]:
        """Return a sentence for everything that the acceptance of the zoo does not allow."""
        weak = [f"{record.member.name} is caught by {len(record.catching)} cases" for record in self.weak]
        return [*weak, *(sentence for record in self.garden for sentence in misjudged(record)), *self.changes]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return {
            "tier": self.tier,
            "zoo": [to_json(record) for record in self.zoo],
            "garden": [to_json(record) for record in self.garden],
            "rules": {rule: self.rule(rule) for rule in RULES},
            "idle": [case.id for case in self.idle],
            "seeds": self.seeds,
            "changes": list(self.changes),
        }

    def rule(self, rule: str) -> dict[str, Any]:
        """Return what a usual rule misses, which share of wrong answers it accepts, and of right ones rejects by dtype.

        It catches a defect where it rejects the answer but none of the garden's direct ones there. Right answers with
        NaN or Inf that it rejects do not count, as the definition leaves some of their elements open.
        """
        direct = [record for record in self.garden if record.member.grade == RIGHT]
        deaf = {outcome.index for record in direct for outcome in record.outcomes if rule in outcome.rejected_by}
        wrong = [outcome for record in self.zoo for outcome in record.caught]
        return {
            "missed": [
                record.member.name for record in self.zoo if not any(_catches(rule, deaf, o) for o in record.outcomes)
            ],
            "accepted": _share(not _catches(rule, deaf, outcome) for outcome in wrong),
            "numbers_accepted": _share(
                not _catches(rule, deaf, each) for each in wrong if each.seen_by not in _NO_NUMBERS
            ),
            "rejected": {dtype: _rejected(rule, direct, dtype) for dtype in DTYPES},
        }

    def rejected_of_fast(self, rule: str) -> float | None:
        """Return which share of the answers of the garden's fast algorithms a usual rule rejects, in float32."""
        fast = [record for record in self.garden if record.member.grade == NORM_WISE]
        return _rejected(rule, fast, "float32")


# Outcomes of answers whose numbers were not looked at: of another form, or none at all.
_NO_NUMBERS = (("form",), (RAISED,))


def _catches(rule: str, deaf: set[int], outcome: Outcome) -> bool:
    return rule in outcome.rejected_by and outcome.index not in deaf


def _rejected(rule: str, records: Iterable[Record], dtype: str) -> float | None:
    return _share(rule in outcome.rejected_by for outcome in _finite(records, dtype))


def _finite(records: Iterable[Record], dtype: str) -> Iterator[Outcome]:
    """Yield the outcomes on questions in ``dtype`` without NaN or Inf."""
    for record in records:
        for outcome in record.outcomes:
            question = record.questions[outcome.index]
            if question.dtype == dtype and not question.case.special:
                yield outcome


def _share(entries: Iterable[bool]) -> float | None:
    """Return which share of ``entries`` is true, None when there are none."""
    flags = list(entries)
    return sum(flags) / len(flags) if flags else None


def first_tier(record: Record) -> str | None:
    """Return the tier that catches a member first, None when none does."""
    tiers = [case.tier for case in record.catching.values()]
    return min(tiers, key=TIERS.index, default=None)


def seen_by(record: Record) -> list[str]:
    """Return the fills that see a member, those that see it in most questions first."""
    return [name for name, _ in Counter(name for outcome in record.caught for name in outcome.seen_by).most_common()]


def by_family(record: Record) -> dict[str, dict[str, int]]:
    """Return, for each family of cases that catches a member, how many questions each fill sees it in."""
    counts: dict[str, Counter[str]] = {}
    for outcome in record.caught:
        counts.setdefault(record.questions[outcome.index].case.family, Counter()).update(outcome.seen_by)
    return {family: dict(counts[family]) for family in FAMILIES if family in counts}


def to_json(record: Record) -> dict[str, Any]:
    """Return a member and its outcomes as JSON types."""
    member, diagnosis = record.member, record.diagnosis
    return {
        "name": member.name,
        "family": member.family,
        "says": member.says,
        "operations": list(member.operations),
        "source": member.source,
        "allowed": member.grade,
        "grades": dict(Counter(outcome.grade for outcome in record.outcomes)),
        "largest_share": max((outcome.error for outcome in record.outcomes if outcome.error is not None), default=None),
        "asked": record.asked,
        "caught_by": list(record.catching),
        "tier": first_tier(record),
        "by_family": by_family(record),
        "expected": member.diagnosis,
        "diagnosis": None if diagnosis is None else asdict(diagnosis),
    }
