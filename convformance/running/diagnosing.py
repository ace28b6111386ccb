"""The diagnosis of each route: what explains its findings, over all questions it was asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from convformance.judging.diagnosis import Match, Observation, diagnoses
from convformance.judging.grades import ANSWERED
from convformance.running.runner import Question
from convformance.test_cases import examining

Verdict = Mapping[str, Any]


def lines(asked: Iterable[tuple[Question, Verdict]]) -> Iterator[dict[str, Any]]:
    """Yield the record's lines on what explains the findings of each route; what is known already is left out."""
    routes: dict[tuple[str, str, str], list[Observation]] = {}
    for question, verdict in asked:
        if verdict["grade"] in ANSWERED and not verdict["known"]:
            place = question.adapter, question.operation, question.route.name
            routes.setdefault(place, []).append(_observation(question, verdict))
    for (adapter, operation, route), observations in routes.items():
        for found in diagnoses(observations):
            yield {"kind": "diagnosis", "adapter": adapter, "op": operation, "route": route, **asdict(found)}


def _observation(question: Question, verdict: Verdict) -> Observation:
    parameters = examining.question_parameters(question.case, question.operation, question.dtype)
    matches = tuple(map(Match, verdict["diagnosis"], verdict["details"]))
    return Observation(parameters, verdict["finding"], matches, verdict["spread"])
