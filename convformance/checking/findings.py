"""What a check found: a verdict a question, what was refused, what explains the wrong answers, the smallest cases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

from convformance.checking.refusals import Refusal
from convformance.judging.diagnosis import Diagnosis
from convformance.judging.grades import INACCURATE, REFUSED
from convformance.judging.judgement import Judgement
from convformance.reports.fields import to_jsonable
from convformance.reports.lines import Verdict

Document = dict[str, Any]

# What a check says of a function, the names being public: see ``Findings.verdict``.
VERDICTS = RIGHT, FAST, PARTIAL, FORM, WRONG, NOTHING = (
    "right",
    "right-as-fast-algorithm",
    "right-where-it-answers",
    "right-numbers-wrong-form",
    "not-right",
    "nothing-asked",
)

# A check has no adapter and no route.
_NOBODY = {"adapter": "", "route": ""}
_OF_JUDGEMENT = [each.name for each in fields(Judgement) if each.name in {entry.name for entry in fields(Verdict)}]
_OWN = ("printed", "form", "numbers_right")
_BESIDE = ("call", *_OWN)  # the verdict of a record
_PUBLIC = ("op", "case", "dtype", "call", *_OF_JUDGEMENT, *_OWN, "finding")


@dataclass(frozen=True)
class CheckVerdict:
    """The verdict of a record, with the ``call`` that was judged and the first line of what it ``printed``.

    ``form``: what is wrong with the form of the answer, in sentences; ``numbers_right``: whether its numbers are right
    all the same.
    """

    verdict: Verdict
    call: str
    printed: str = ""
    form: tuple[str, ...] = ()
    numbers_right: bool = False

    @classmethod
    def of(cls, question: Mapping[str, str], judgement: Judgement, **own: Any) -> "CheckVerdict":
        """Return the verdict that a judgement makes; ``question`` has ``op``, ``case``, ``dtype`` and ``call``."""
        document = {**question, **{name: getattr(judgement, name) for name in _OF_JUDGEMENT}}
        document["diagnosis"] = [match.name for match in judgement.diagnosis]
        return cls.from_json({**document, **own})

    @classmethod
    def without_answer(cls, question: Mapping[str, str], grade: str, message: str) -> "CheckVerdict":
        """Return the finding that a question ended the process or was never answered."""
        key = ("", question["op"], "", question["case"], question["dtype"])
        return cls(replace(Verdict.without_answer(key, grade, message), finding=True), question["call"])

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "CheckVerdict":
        """Return the verdict that ``to_json`` wrote."""
        own = {name: document[name] for name in _OWN if name in document}
        own["form"] = tuple(own.get("form", ()))
        return cls(Verdict.from_json({**_NOBODY, **document}), document["call"], **own)

    def to_json(self) -> Document:
        """Return the verdict as JSON types; numbers stay numbers where they are not finite."""
        values = {name: getattr(self if name in _BESIDE else self.verdict, name) for name in _PUBLIC}
        public: dict[str, Any] = json.loads(json.dumps(values, default=_as_fields))
        return public

    @property
    def is_refused(self) -> bool:
        """Whether the question was refused."""
        return self.verdict.grade == REFUSED

    @property
    def is_wrong(self) -> bool:
        """Whether the numbers are wrong, or there are none."""
        return self.verdict.finding and not self.numbers_right and not self.is_refused


def _as_fields(value: Any) -> Any:
    """Return what is no JSON type as one, numbers as they are."""
    return (
        {each.name: getattr(value, each.name) for each in fields(value)} if is_dataclass(value) else to_jsonable(value)
    )


@dataclass(frozen=True)
class FormFault:
    """What is wrong with the form of ``count`` of ``of`` answers: its kind, what the function does, and a message."""

    kind: str
    does: str
    message: str
    count: int
    of: int


@dataclass(frozen=True)
class Findings:
    """All that a check found.

    ``asked`` says in a line what was asked; ``diagnoses`` has those of each operation that has wrong answers;
    ``smallest_cases`` the smallest failing case of each such operation in the function's own terms; ``remarks`` are no
    mistakes, ``hints`` what a user may have forgotten to say; ``not_asked`` is what the function cannot take, or what
    time did not allow: ``unasked`` questions in ``seconds``. ``strict``: what is refused is a finding.
    ``asked_otherwise`` ends the first line where the function was asked in another dtype than it was to be.
    """

    name: str
    operations: Sequence[str]
    asked: str
    verdicts: Sequence[CheckVerdict]
    diagnoses: Mapping[str, Sequence[Diagnosis]] = field(default_factory=dict)
    smallest_cases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    not_asked: Sequence[str] = ()
    refusals: Sequence[Refusal] = ()
    form: Sequence[FormFault] = ()
    hints: Sequence[str] = ()
    unasked: int = 0
    seconds: float = 0.0
    strict: bool = False
    asked_otherwise: str = ""

    @property
    def verdict(self) -> str:
        """What is said of the function, the worst first: a name of VERDICTS."""
        wrong = self.wrong()
        if wrong:
            return FORM if all(each.numbers_right for each in wrong) else WRONG
        if not self.answered:
            return NOTHING
        if self.refused_by_function:
            return PARTIAL
        return FAST if any(each.verdict.grade in INACCURATE for each in self.verdicts) else RIGHT

    @property
    def ok(self) -> bool:
        """Whether at least one question was answered and no answer counts against the function."""
        return self.answered > 0 and not self.wrong()

    @property
    def smallest(self) -> Mapping[str, Any] | None:
        """The smallest failing case of the first operation that has one."""
        return next(iter(self.smallest_cases.values()), None)

    @property
    def refused(self) -> int:
        """How many questions were refused, by the function or by the call that the user wrote."""
        return sum(each.is_refused for each in self.verdicts)

    @property
    def refused_by_function(self) -> int:
        """How many questions the function refused."""
        return sum(refusal.count for refusal in self.refusals if not refusal.by_call)

    @property
    def answered(self) -> int:
        """How many questions were not refused."""
        return len(self.verdicts) - self.refused

    def without(self, what: str) -> "Findings":
        """Return the findings with something more that was not asked."""
        return replace(self, not_asked=[*self.not_asked, what])

    def joined(self, gradients: "Findings") -> "Findings":
        """Return these findings with those on the gradients of the same function."""
        both: Document = {
            name: [*dict.fromkeys((*getattr(self, name), *getattr(gradients, name)))]
            for name in ("operations", "verdicts", "remarks", "not_asked", "refusals", "form", "hints")
        }
        count = gradients.asked.partition(",")[0]
        return replace(
            self,
            asked=f"{self.asked}; {count} on the gradients by automatic differentiation",
            diagnoses={**self.diagnoses, **gradients.diagnoses},
            smallest_cases={**self.smallest_cases, **gradients.smallest_cases},
            unasked=self.unasked + gradients.unasked,
            **both,
        )

    def wrong(self, operation: str | None = None) -> list[CheckVerdict]:
        """Return the verdicts that count against the function, on one operation or on all."""
        return [each for each in self.verdicts if each.verdict.finding and operation in (None, each.verdict.op)]

    def to_json(self) -> Document:
        """Return the findings as JSON types."""
        return {
            **vars(self),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "diagnoses": {name: [asdict(each) for each in entries] for name, entries in self.diagnoses.items()},
            "refusals": [asdict(each) for each in self.refusals],
            "form": [asdict(each) for each in self.form],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Findings":
        """Return the findings that ``to_json`` wrote."""
        rebuilt = {
            "verdicts": [CheckVerdict.from_json(each) for each in document["verdicts"]],
            "diagnoses": {
                name: [Diagnosis(**each) for each in entries] for name, entries in document["diagnoses"].items()
            },
            "refusals": [Refusal(**each) for each in document["refusals"]],
            "form": [FormFault(**each) for each in document["form"]],
        }
        return cls(**{**document, **rebuilt})
