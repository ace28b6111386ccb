"""Findings by what causes them, as far as a record says: one adapter, one grade, one diagnosis or wording."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from convformance.judging.grades import ANSWERED, BY_NAME, LOW_PRECISION
from convformance.reports.causes import diagnosis_of
from convformance.reports.formatting import one_line, without_numbers
from convformance.reports.lines import Diagnosis, Verdict
from convformance.reports.record import Records

_FIRST = 4  # of the words of an error: the rest tells one case from another


@dataclass(frozen=True)
class Cause:
    """Findings of one adapter and one grade that have the same label: the leading diagnosis, or the first words."""

    adapter: str
    grade: str
    label: str
    verdicts: tuple[Verdict, ...]


def causes_of(records: Records) -> list[Cause]:
    """Return the findings by cause: the worst grade first, then the one with the most findings."""
    groups: dict[tuple[str, str, str], list[Verdict]] = defaultdict(list)
    for verdict in records.findings:
        label = _label(verdict, records.diagnosed.get(verdict.route_key, ()))
        groups[verdict.adapter, verdict.grade, label].append(verdict)
    causes = [Cause(*key, tuple(sorted(verdicts, key=lambda each: each.key))) for key, verdicts in groups.items()]
    return sorted(causes, key=lambda cause: (BY_NAME[cause.grade].severity, -len(cause.verdicts), cause.adapter))


def _label(verdict: Verdict, diagnoses: Sequence[Diagnosis]) -> str:
    """Return what explains a finding in a few words; empty where nothing does."""
    diagnosis = diagnosis_of(verdict, diagnoses)
    if diagnosis:
        return diagnosis
    if verdict.grade == LOW_PRECISION:
        return verdict.accumulator or ""
    if verdict.grade in ANSWERED:
        return ""
    return " ".join(one_line(without_numbers(verdict.message)).split()[:_FIRST])
