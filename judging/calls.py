"""Two calls with the same operands: the second is judged, and the first where it gave other bits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from convformance.judging import form
from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.grades import CONFORMANT, WRONG, worst
from convformance.judging.judgement import Answer, FillResult, Judgement, Results
from convformance.reference.arrays import Array

Grade = Callable[[Trial, Array], FillResult]


@dataclass(frozen=True)
class FirstAnswer:
    """The answer of the first of two calls."""

    value: Array
    seconds: float
    changed: tuple[int, ...]
    earlier: None = None


def first_of(answer: Answer) -> Answer | None:
    """Return the answer of the first call where there were two and it has other bits, a shape or dtype of its own."""
    value, earlier = answer.value, answer.earlier
    if earlier is None or (
        (earlier.shape, earlier.dtype) == (value.shape, value.dtype) and earlier.tobytes() == value.tobytes()
    ):
        return None
    return FirstAnswer(earlier, answer.seconds, answer.changed)


def fault(examination: Examination, answer: Answer) -> str | None:
    """Return what is wrong with the form of either answer in a sentence, or None."""
    answers = (answer, first_of(answer))
    faults = (form.fault(examination, each) for each in answers if each is not None)
    return next(filter(None, faults), None)


def grade_both(grade: Grade, trial: Trial, answer: Answer) -> FillResult:
    """Return the result of the worse answer, the second of equal ones; ``first`` is the grade of the first call."""
    result, first = grade(trial, answer.value), first_of(answer)
    if first is None:
        return result
    before = grade(trial, first.value)
    is_worse = before.grade != result.grade and worst([before.grade, result.grade]) == before.grade
    return replace(before if is_worse else result, first=before.grade)


def turned_wrong(results: Results) -> bool:
    """Whether the second call is wrong on some fill, and the first is right on each on which they differ."""
    changed = [result for result in results.values() if result.first]
    return any(result.grade == WRONG for result in changed) and all(each.first == CONFORMANT for each in changed)


def with_note(judgement: Judgement, results: Results) -> Judgement:
    """Return the judgement, its message with the fills on which two calls gave different bits."""
    changed = [name for name, result in results.items() if result.first]
    if not changed:
        return judgement
    note = f"a second call with the same operands gives other bits on {', '.join(changed)}"
    return replace(judgement, message="; ".join(filter(None, (judgement.message, note))))
