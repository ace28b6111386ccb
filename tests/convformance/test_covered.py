"""What a run's answers cover: refusals cover nothing, each adapter is counted for itself."""

from types import SimpleNamespace

from convformance.reports.lines import Verdict
from convformance.running.covered import coverage_lines
from convformance.running.questions import Question
from convformance.test_cases import catalogue

CASES = [case for case in catalogue.cases("smoke") if "conv" in case.operations and "float32" in case.dtypes]


def answer(adapter, case, grade):
    question = Question(adapter, SimpleNamespace(name="plain", operation="conv"), case, "float32")
    return question, Verdict.without_answer(question.key, grade, "")


def test_more_answers_cover_more():
    few, many = ([answer("mine", case, "conformant") for case in CASES[:count]] for count in (2, 8))
    (pairs, triples), (more_pairs, more_triples) = (list(coverage_lines(answers)) for answers in (few, many))
    assert (pairs.features, triples.features) == (2, 3)
    assert 0 < pairs.reached < more_pairs.reached < more_pairs.possible
    assert 0 < triples.reached < more_triples.reached
    assert pairs.missing
    assert not triples.missing


def test_a_wrong_answer_covers_and_a_refusal_does_not():
    wrong, refused = (list(coverage_lines([answer("mine", CASES[0], grade)])) for grade in ("wrong", "refused"))
    assert wrong[0].reached > 0
    assert refused == []


def test_each_adapter_is_counted_for_itself():
    answers = [answer("first", CASES[0], "conformant"), answer("second", CASES[1], "conformant")]
    assert [(line.adapter, line.features) for line in coverage_lines(answers)] == [
        ("first", 2),
        ("first", 3),
        ("second", 2),
        ("second", 3),
    ]
