"""The result of a check: whether the function is right, and if not what is wrong, in text and as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from convformance.checking import document, text
from convformance.checking.findings import Findings
from convformance.checking.refusals import Refusal
from convformance.judging.diagnosis import Diagnosis


class CheckResult(str):
    """The result of a check, true where the function is right.

    It is its own text, as test runners cut any other message of ``assert check(f).ok, check(f)`` short.
    """

    findings: Findings

    def __new__(cls, findings: Findings) -> "CheckResult":
        result = super().__new__(cls, text.document(findings))
        result.findings = findings
        return result

    @property
    def ok(self) -> bool:
        """Whether at least one question was answered and no answer counts against the function."""
        return self.findings.ok

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        """One verdict a question, in the order they were asked: the fields of a record, ``call`` and ``printed``."""
        return [verdict.to_json() for verdict in self.findings.verdicts]

    @property
    def diagnosis(self) -> list[Diagnosis]:
        """What reproduces the wrong answers, of each operation the best first."""
        return [diagnosis for diagnoses in self.findings.diagnoses.values() for diagnosis in diagnoses]

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

    @property
    def verdict(self) -> str:
        """The verdict by its public name: ``right``, ``right-where-it-answers``, ``not-right``, ..."""
        return self.findings.verdict

    @property
    def refusals(self) -> Sequence[Refusal]:
        """What the function says that it does not take: the condition, the exception, the line of the user's file."""
        return self.findings.refusals

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types, by the published schema: the same as ``convformance check --json``."""
        return document.document(self.findings)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Return the result for a notebook: self-contained, everything escaped."""
        from convformance.checking import page  # the command line shows none

        return page.fragment(self.findings)
