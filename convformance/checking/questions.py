"""One question of a check and all that is known of it: how it was answered, what is wrong with that, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from convformance.adapters.contract import Answer
from convformance.checking.normalising import DTYPE, Fault
from convformance.checking.origin import Origin
from convformance.judging.conditions import QuestionParameters
from convformance.judging.grades import ERROR, REFUSED, RIGHT, TIMED_OUT, is_at_least
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Judgement
from convformance.judging.rule import Examination
from convformance.test_cases.case import Case


@dataclass
class Question:
    """A question that was asked.

    ``parameters`` are those of the convolution that it belongs to, whatever the operation. ``answers`` are kept, with
    their form put right, in the order of the fills, so that a wrong one can be explained without asking again.
    ``origin`` says where an exception came from. ``matches`` are the mistakes that reproduce the answer, once somebody
    has ``looked`` for them. ``other_dtype`` is the dtype that came back in place of the one asked for, where it is one
    that could be asked; ``other_axes`` says that the answer has another number of axes, ``other_shape``
    another shape; ``whole_numbers`` that it
    has an integer dtype. ``least`` is the weakest grade that is right.
    """

    operation: str
    case: Case
    identity: Mapping[str, str]
    parameters: QuestionParameters
    examination: Examination
    judgement: Judgement
    answers: list[Answer] = field(default_factory=list)
    faults: tuple[Fault, ...] = ()
    origin: Origin | None = None
    refused: bool = False
    least: str = ""
    other_axes: bool = False
    other_shape: bool = False
    other_dtype: str = ""
    returned_dtype: str = ""
    whole_numbers: bool = False
    printed: str = ""
    matches: tuple[Match, ...] = ()
    looked: bool = False
    in_own_dtype: tuple[Examination, list[Answer]] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer to judge."""
        return self.judgement.grade not in (ERROR, REFUSED, TIMED_OUT)

    @property
    def numbers_right(self) -> bool:
        """Whether the numbers are right, as far as the dtype that came back can hold them."""
        grade = self.judgement.grade
        other = any(fault.kind == DTYPE for fault in self.faults)
        rounded = other and (grade in RIGHT or (self.whole_numbers and self.judgement.fills.get("int") == "exact"))
        return self.is_answered and (rounded or is_at_least(grade, self.least))

    @property
    def is_wrong(self) -> bool:
        """Whether the numbers are wrong, or there are none; the form of an answer is another matter."""
        return not self.refused and not self.numbers_right

    @property
    def is_reproducible(self) -> bool:
        """Whether there are wrong numbers, or a wrong shape, that mistakes can be tried on."""
        return self.is_wrong and self.is_answered
