"""The usual tolerances: what each accepts and rejects of answers made for it, and the page that compares them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.judging.asked import case_of
from tests.zoo import tolerances
from tests.zoo.matrix import Question
from tests.zoo.member import Array
from tests.zoo.rivals import RULES, TOLERANCES, Rivals
from tests.zoo.test_figures import figures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tolerances.md"
OVERALL = {"pcc-0.985", "cosine-0.999", "nmse-5e-4"}


@cache
def truths() -> tuple[Rivals, tuple[Array, ...]]:
    """Return the rules on one question in float32, and its right answers, a fill each."""
    question = Question(case_of(input_size=(9, 8), kernel_size=3, in_channels=16), "conv", "float32")
    examination = question.examination()
    right = tuple(examination.trial(name).want.astype(np.float32) for name in examination.fills)
    return Rivals(examination), right


def rejecting(change: "np.ufunc", *operands: float) -> set[str]:
    """Return which of the tolerances reject the right answers with ``change`` made to every number."""
    rivals, right = truths()
    return set(rivals.rejecting([change(answer, *map(np.float32, operands)) for answer in right])) & set(TOLERANCES)


def test_right_answers_are_rejected_by_none() -> None:
    assert rejecting(np.positive) == set()


def test_a_wrong_factor_moves_neither_correlation_nor_cosine() -> None:
    assert rejecting(np.multiply, 1.5) == set(TOLERANCES) - {"pcc-0.985", "cosine-0.999"}
    assert rejecting(np.multiply, 1.01) == set(TOLERANCES) - OVERALL - {"allclose-1e-2"}


def test_an_offset_does_not_move_correlation() -> None:
    assert "pcc-0.985" not in rejecting(np.add, 100)
    assert {"cosine-0.999", "nmse-5e-4"} <= rejecting(np.add, 100)


def test_the_other_sign_is_rejected_by_all() -> None:
    assert rejecting(np.negative) == set(TOLERANCES)


def test_small_errors_are_rejected_by_the_bound_before_a_fixed_tolerance() -> None:
    assert rejecting(np.multiply, 1 + 5e-4) == {"bound", "allclose-1e-4", "float32-reference"}


def test_nan_and_another_shape_are_rejected_by_all() -> None:
    rivals, right = truths()
    broken = [answer.copy() for answer in right]
    for answer in broken:
        answer.flat[0] = np.nan
    assert set(TOLERANCES) <= set(rivals.rejecting(broken))
    assert set(RULES) == set(rivals.rejecting([answer[:, :, 1:] for answer in right]))


@pytest.mark.parametrize("every", [1, 7])
def test_the_page_says_what_was_asked_and_has_every_rule(every: int) -> None:
    text = tolerances.markdown(figures(), every=every)
    assert ("a sample, every 7th question" in text) == (every == 7)
    assert all(RULES[name].sentence in text for name in TOLERANCES)
    assert "| Pearson's correlation of at least 0.985 | 1 of 3 |" in text  # operands cut to eleven digits


def test_the_page_of_the_documentation_has_every_rule_and_says_how_it_was_made() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"\n| {RULES[name].sentence} |" in text for name in TOLERANCES), "python -m tests.zoo writes the page"
    assert "python -m tests.zoo --rules-only --tolerances docs/tolerances.md" in text
