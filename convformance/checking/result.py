"""The result of a check: whether the function is right, and if not what is wrong, in text and as a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convformance.checking import page, text
from convformance.judging.diagnosis import Diagnosis


@dataclass(frozen=True)
class Findings:
    """What a check found, all of it JSON but for the diagnoses.

    ``asked`` says in a line what was asked; ``verdicts`` are those of a record with the call beside them; ``diagnosed`` has the
    diagnoses of each operation; ``smallest`` is the smallest failing case in the function's own terms; ``remarks`` are no mistakes;
    ``not_asked`` is what the function cannot take, or what time did not allow.
    """

    name: str
    operations: tuple[str, ...]
    asked: str
    verdicts: Sequence[Mapping[str, Any]]
    diagnosed: Mapping[str, Sequence[Diagnosis]]
    smallest: Mapping[str, Any] | None
    remarks: Sequence[str]
    not_asked: Sequence[str]


class CheckResult(str):
    """The result of a check. It is its own text, as test runners cut any other message of ``assert check(f).ok, check(f)`` short.

    True where the function is right.
    """

    findings: Findings

    def __new__(cls, findings: Findings) -> "CheckResult":
        made = super().__new__(cls, text.written(findings))
        made.findings = findings
        return made

    @property
    def ok(self) -> bool:
        """Whether at least one question was answered and no answer counts against the function."""
        return any(verdict["grade"] != "refused" for verdict in self.verdicts) and not any(
            verdict["finding"] for verdict in self.verdicts
        )

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        """One verdict a question, in the order they were asked."""
        return self.findings.verdicts

    @property
    def diagnosis(self) -> list[Diagnosis]:
        """What reproduces the wrong answers, of each operation the best first."""
        return [diagnosis for found in self.findings.diagnosed.values() for diagnosis in found]

    @property
    def smallest(self) -> Mapping[str, Any] | None:
        """The smallest failing case: call, operands, got, want, difference, error; None where no answer is wrong."""
        return self.findings.smallest

    @property
    def remarks(self) -> Sequence[str]:
        """What is no mistake and worth knowing."""
        return self.findings.remarks

    @property
    def not_asked(self) -> Sequence[str]:
        """What was not asked, and why."""
        return self.findings.not_asked

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return str.__str__(self)

    def _repr_html_(self) -> str:
        """Return the result for a notebook: self-contained, everything escaped."""
        return page.fragment(self.findings, ok=self.ok)
