"""What each adapter's answers cover: the pairs and triples of features that meet in some question that was answered."""

from collections.abc import Iterable, Iterator

from convformance.judging.grades import ANSWERED
from convformance.reports.lines import Coverage, Verdict
from convformance.running.questions import Question
from convformance.test_cases import coverage, features

_LISTED = 200  # missing pairs that a record keeps


def coverage_lines(answers: Iterable[tuple[Question, Verdict]]) -> Iterator[Coverage]:
    """Yield the record's lines on what the answers of each adapter cover; a refusal or a crash covers nothing."""
    answered: dict[str, set[features.Question]] = {}
    for question, verdict in answers:
        if verdict.grade in ANSWERED and question.case.raw is None:
            asked = features.Question(question.case, question.operation, question.dtype)
            answered.setdefault(question.adapter, set()).add(asked)
    for adapter, questions in answered.items():
        for strength in coverage.STRENGTHS:
            yield _line(adapter, coverage.of_questions(questions, strength))


def _line(adapter: str, count: coverage.Coverage) -> Coverage:
    """Return the line; the missing triples are too many to be kept."""
    listed = count.missing[:_LISTED] if count.strength == min(coverage.STRENGTHS) else ()
    return Coverage(
        adapter=adapter,
        features=count.strength,
        reached=count.reached,
        possible=count.possible,
        missing=tuple(map(coverage.phrase, listed)),
    )
