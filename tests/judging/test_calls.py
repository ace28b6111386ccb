"""Two calls with the same operands: both answers count, and what the second one does has its name."""

from collections.abc import Callable

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Judgement
from convformance.judging.rule import judge
from convformance.reference.arrays import Array
from tests.judging import handmade
from tests.judging.asked import InstantAnswer, case_of, examine
from tests.judging.handmade import BASIC

Pair = Callable[[Array], tuple[Array, Array]]


def judgement_of(answers: Pair) -> Judgement:
    """Return the judgement where ``answers`` makes of the right answer those of the first and the second call."""
    case = case_of(**BASIC)

    def ask(operands: Operands) -> InstantAnswer:
        right = handmade.right(case.problem, operands).astype(np.float32)
        first, second = answers(right)
        return InstantAnswer(second, earlier=first)

    return judge(examine(case, "conv", "float32"), ask)


def test_two_calls_with_the_same_bits_are_one_answer() -> None:
    judgement = judgement_of(lambda right: (right.copy(), right))
    assert (judgement.grade, judgement.exact, judgement.message) == ("conformant", True, "")


def test_a_second_call_that_is_wrong_is_wrong_and_named() -> None:
    judgement = judgement_of(lambda right: (right, np.flip(right, 2)))
    assert judgement.grade == "wrong"
    assert judgement.diagnosis[0] == Match("wrong-after-first-call")
    assert "a second call with the same operands gives other bits on int, " in judgement.message


def test_a_first_call_that_is_wrong_counts_although_the_second_is_right() -> None:
    judgement = judgement_of(lambda right: (right + 1, right))
    assert judgement.grade == "wrong"
    assert Match("wrong-after-first-call") not in judgement.diagnosis


def test_what_is_wrong_in_both_calls_is_no_matter_of_the_second() -> None:
    judgement = judgement_of(lambda right: (-right, -right))
    assert [match.name for match in judgement.diagnosis][:1] == ["sign-flipped"]


@pytest.mark.parametrize("other", [lambda y: y[:, :, :-1], lambda y: y.astype(np.float64)], ids=["shape", "dtype"])
def test_a_first_answer_of_another_form_is_wrong(other: Callable[[Array], Array]) -> None:
    judgement = judgement_of(lambda right: (other(right), right))
    assert judgement.grade == "wrong"
    assert "wanted" in judgement.message


def test_bits_that_differ_within_the_bounds_are_a_note_and_no_finding() -> None:
    def last_bits(right: Array) -> tuple[Array, Array]:
        is_random = bool((right != np.rint(right)).any())
        return right, np.nextafter(right, np.float32(np.inf)) if is_random else right

    judgement = judgement_of(last_bits)
    assert judgement.grade == "conformant"
    assert "other bits on normal, positive" in judgement.message
