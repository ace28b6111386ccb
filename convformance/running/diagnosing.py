"""The diagnosis of each route: what explains its findings, over all questions it was asked."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from convformance.judging.diagnosis import Match, Observation, diagnoses
from convformance.judging.grades import ANSWERED
from convformance.reports.lines import Diagnosis, Verdict
from convformance.running.questions import Question
from convformance.test_cases import examining


def diagnosis_lines(answers: Iterable[tuple[Question, Verdict]]) -> Iterator[Diagnosis]:
    """Yield the record's lines on what explains the findings of each route; what is known or expected is left out.

    A refusal, a crash or an exception says nothing of values, and takes no part.
    """
    routes: dict[tuple[str, str, str], list[Observation]] = {}
    for question, verdict in answers:
        is_raw = question.case.raw is not None
        if verdict.grade in ANSWERED and not (is_raw or verdict.known or verdict.expected):
            route_key = question.adapter, question.operation, question.route.name
            routes.setdefault(route_key, []).append(_observation(question, verdict))
    for (adapter, operation, route), observations in routes.items():
        for diagnosis in diagnoses(observations):
            yield Diagnosis(adapter=adapter, op=operation, route=route, **asdict(diagnosis))


def _observation(question: Question, verdict: Verdict) -> Observation:
    parameters = examining.question_parameters(question.case, question.operation, question.dtype)
    spread = asdict(verdict.spread) if verdict.spread else None
    matches = tuple(map(Match, verdict.diagnosis, verdict.details))
    return Observation(parameters, verdict.finding, matches, spread)
