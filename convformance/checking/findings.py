"""What a check found: a verdict a question, what explains the wrong ones, and the smallest failing case."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from convformance.judging.diagnosis import Diagnosis
from convformance.judging.grades import REFUSED
from convformance.judging.judgement import Judgement
from convformance.reports.fields import to_jsonable
from convformance.reports.lines import Verdict

Document = dict[str, Any]

# A check has no adapter and no route.
_NOBODY = {"adapter": "", "route": ""}
_OF_JUDGEMENT = [each.name for each in fields(Judgement) if each.name in {entry.name for entry in fields(Verdict)}]
_PUBLIC = ("op", "case", "dtype", "call", *_OF_JUDGEMENT, "printed", "finding")


@dataclass(frozen=True)
class CheckVerdict:
    """The verdict of a record, with the ``call`` that was judged and the first line of what it ``printed``."""

    verdict: Verdict
    call: str
    printed: str = ""

    @classmethod
    def of(cls, question: Mapping[str, str], judgement: Judgement, *, finding: bool, printed: str) -> "CheckVerdict":
        """Return the verdict that a judgement makes; ``question`` has ``op``, ``case``, ``dtype`` and ``call``."""
        document = {**question, **{name: getattr(judgement, name) for name in _OF_JUDGEMENT}}
        document["diagnosis"] = [match.name for match in judgement.diagnosis]
        return cls.from_json({**document, "finding": finding, "printed": printed})

    @classmethod
    def without_answer(cls, question: Mapping[str, str], grade: str, message: str) -> "CheckVerdict":
        """Return the finding that a question ended the process or was never answered."""
        key = ("", question["op"], "", question["case"], question["dtype"])
        return cls(replace(Verdict.without_answer(key, grade, message), finding=True), question["call"])

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "CheckVerdict":
        """Return the verdict that ``to_json`` wrote."""
        return cls(Verdict.from_json({**_NOBODY, **document}), document["call"], document["printed"])

    def to_json(self) -> Document:
        """Return the verdict as JSON types; numbers stay numbers where they are not finite."""
        every = {**asdict(self.verdict), "call": self.call, "printed": self.printed}
        public: dict[str, Any] = json.loads(json.dumps({name: every[name] for name in _PUBLIC}, default=to_jsonable))
        return public


@dataclass(frozen=True)
class Findings:
    """All that a check found.

    ``asked`` says in a line what was asked; ``diagnoses`` has those of each operation that has wrong answers;
    ``smallest`` is the smallest failing case in the function's own terms; ``remarks`` are no mistakes; ``not_asked`` is
    what the function cannot take, or what time did not allow.
    """

    name: str
    operations: Sequence[str]
    asked: str
    verdicts: Sequence[CheckVerdict]
    diagnoses: Mapping[str, Sequence[Diagnosis]] = field(default_factory=dict)
    smallest: Mapping[str, Any] | None = None
    remarks: Sequence[str] = ()
    not_asked: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether at least one question was answered and no answer counts against the function."""
        return self.refused < len(self.verdicts) and not self.wrong()

    @property
    def refused(self) -> int:
        """How many questions were refused."""
        return sum(each.verdict.grade == REFUSED for each in self.verdicts)

    def wrong(self, operation: str | None = None) -> list[CheckVerdict]:
        """Return the verdicts that count against the function, on one operation or on all."""
        return [each for each in self.verdicts if each.verdict.finding and operation in (None, each.verdict.op)]

    def to_json(self) -> Document:
        """Return the findings as JSON types."""
        return {
            **vars(self),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "diagnoses": {name: [asdict(each) for each in entries] for name, entries in self.diagnoses.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Findings":
        """Return the findings that ``to_json`` wrote."""
        verdicts = [CheckVerdict.from_json(each) for each in document["verdicts"]]
        diagnoses = {name: [Diagnosis(**each) for each in entries] for name, entries in document["diagnoses"].items()}
        return cls(**{**document, "verdicts": verdicts, "diagnoses": diagnoses})
