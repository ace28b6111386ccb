"""The diagnosis of state, views, borders and exceptions: what one call shows only beside others, or beyond the data."""

from collections.abc import Callable

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.diagnosis import explained
from convformance.judging.explaining import explain_error
from convformance.judging.hypotheses.hypothesis import Match
from convformance.reference.problem import Problem
from convformance.test_cases import fills
from tests.judging import handmade
from tests.judging.asked import case_of, examine
from tests.judging.handmade import BASIC, STRIDED, Array, Mistake, judgement_of, of_geometry, of_result


def _after(first: Mistake, later: Callable[[Array, Array], Array]) -> Mistake:
    """Return the mistake of answering a later call with what ``later`` makes of its answer and that of the first."""
    answers: list[Array] = []

    def mistake(problem: Problem, operands: Operands) -> Array:
        answers.append(first(problem, operands))
        return answers[0] if len(answers) == 1 else later(answers[0], answers[-1])

    return mistake


def _packed_once() -> Mistake:
    packed: dict[str, Array] = {}

    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = operands.arrays
        return handmade.with_geometry(problem, fills.Operands((x, packed.setdefault("w", w.copy()))))

    return mistake


def _call_before() -> Mistake:
    answers: list[Array] = []

    def mistake(problem: Problem, operands: Operands) -> Array:
        answers.append(handmade.right(problem, operands))
        return answers[-2] if len(answers) > 1 else answers[0]

    return mistake


def _added_up() -> Mistake:
    sums: list[Array] = [np.zeros(())]

    def mistake(problem: Problem, operands: Operands) -> Array:
        sums[0] = sums[0] + handmade.right(problem, operands)
        return sums[0]

    return mistake


def _built_in(problem: Problem, operands: Operands) -> Array:
    kernel = (np.arange(np.prod(problem.filter_shape)) % 5.0).reshape(problem.filter_shape)
    return handmade.with_geometry(problem, fills.Operands((operands.arrays[0], kernel)))


def _state(detail: str) -> Match:
    return Match("earlier-result", detail)


@pytest.mark.parametrize(
    ("mistake", "match"),
    [
        (_after(handmade.right, lambda first, again: first), _state("the same for other operands")),
        (_call_before(), _state("of the call before")),
        (_added_up(), _state("added to those of the calls before")),
        (_packed_once(), _state("w of the first call")),
        (_built_in, _state("the same w in every call")),
        (_after(handmade.right, lambda first, again: again[:, ::-1]), Match("wrong-after-first-call")),
    ],
    ids=["cached", "late", "added", "packed", "built-in", "from-second-call-on"],
)
def test_what_an_earlier_call_leaves_behind_is_told_from_chance(mistake: Mistake, match: Match) -> None:
    sizes = {**BASIC, "in_channels": 2, "out_channels": 2}
    assert judgement_of(sizes, mistake, dtype="float64").diagnosis[0] == match


def test_a_nan_that_is_lost_does_not_stop_the_search_for_a_constant_operand() -> None:
    sizes = {**BASIC, "special": "nan-data"}
    judgement = judgement_of(sizes, of_result(lambda y: np.nan_to_num(y) + 1), dtype="float64")
    assert judgement.diagnosis[0].name == "nan-swallowed"


def test_what_is_always_zero_is_no_result_of_an_earlier_call() -> None:
    assert judgement_of(BASIC, of_result(np.zeros_like)).diagnosis[0].name == "constant-output"


def test_a_view_that_reads_beyond_the_data_is_named_by_its_strides_whatever_lies_there() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        junk = np.pad(x, ((0, 0), (0, 0), (0, 9), (0, 9)), constant_values=np.nan)
        rows, columns = problem.output_size
        return handmade.forward(junk, w, stride=problem.stride[::-1])[:, :, :rows, :columns]

    assert judgement_of({**STRIDED, "stride": (2, 1)}, mistake).diagnosis[0] == Match(
        "stride-axes-swapped", "of a view"
    )


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_same_that_is_built_in_is_named_whatever_its_border_is_made_of(mode: str) -> None:
    pairs = ((1, 1), (0, 1))
    judgement = judgement_of(BASIC, of_geometry(lambda p: {"padding": pairs, "mode": mode}))
    assert judgement.diagnosis[0].name == "same-for-valid"
    assert "--padding same" in explained("same-for-valid").remedy


def test_an_exception_has_its_type_and_what_may_be_its_reason() -> None:
    examination = examine(case_of(**BASIC), "conv_input_grad", "float32")
    assert explain_error(examination, "IndexError: index 5 is out of bounds for axis 2 with size 5") == (
        Match("side-for-both", on_all_fills=False),
        Match("raises", "IndexError"),
    )
    empty = "ValueError: operands could not be broadcast together with shapes (2,3,7,5) (2,3,0,0)"
    assert [match.name for match in explain_error(examination, empty)] == ["crop-to-minus-zero", "raises"]
    reshaped = "ValueError: cannot reshape array of size 20 into shape (5,5)"
    assert [match.name for match in explain_error(examination, reshaped)] == ["side-for-both", "raises"]
    assert explain_error(examination, "ValueError: the kernel must be square") == (Match("raises", "ValueError"),)
    assert explain_error(examination, "KeyError: 'stride'") == (Match("raises", "KeyError"),)
