"""Huge cases are judged at places: tried with sizes and boundaries that are not huge."""

from dataclasses import replace

import numpy as np
import pytest

from convformance.adapters.contract import UsageError
from convformance.judging.rule import judge
from convformance.options import RunOptions
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME
from convformance.running.session import session_of
from convformance.test_cases import catalogue, examining
from convformance.test_cases.families.huge import CASES
from convformance.test_cases.huge import ElsewhereError, HugeCase
from tests.judging.asked import InstantAnswer

BOUNDARIES = (2**9, 2**10, 2**11)
SIZES = {1: (2**11 + 100,), 2: (53, 53)}
QUESTIONS = [(case, operation) for case in CASES for operation in case.operations]
# Those whose result is as large as an operand.
SPREAD = [(case, operation) for case, operation in QUESTIONS if BY_NAME[operation].result in ("input", "output")]


def small(case: HugeCase) -> HugeCase:
    """Return a case like a huge one whose arrays can be looked at whole."""
    size = (2**9 + 7,) if case.batch > 1 else SIZES[len(case.input_size)]
    return replace(case, input_size=size, boundaries=BOUNDARIES)


def judgement(case: HugeCase, operation: str, wrong: int | None = None) -> str:
    """Return the grade of the reference asked for a case, its flat indices from ``wrong`` on taken for others."""

    def ask(operands: object) -> InstantAnswer:
        large = case.embedded(operation, operands.arrays)  # type: ignore[attr-defined]
        value = operations.apply(operation, case.problem, *(array.astype(np.float64) for array in large))
        if wrong is not None:
            value = wrapped(value, wrong)
        return InstantAnswer(case.looked_at(operation, value.astype(large[0].dtype)))

    try:
        return judge(examining.examination(case.judged_case(operation), operation, "float32"), ask).grade
    except ElsewhereError:
        return "wrong elsewhere"


def wrapped(value: Array, size: int) -> Array:
    """Return a result in which what lies from flat index ``size`` on was written from 0 on."""
    flat = value.reshape(-1).copy()
    rest = flat[size:].copy()
    flat[size:] = 0
    flat[: len(rest)] += rest
    return flat.reshape(value.shape)


@pytest.mark.parametrize(("case", "operation"), QUESTIONS, ids=lambda each: getattr(each, "id", each))
def test_a_right_answer_is_right(case: HugeCase, operation: str) -> None:
    assert judgement(small(case), operation) == "conformant"


@pytest.mark.parametrize(("case", "operation"), SPREAD, ids=lambda each: getattr(each, "id", each))
def test_indices_that_wrap_round_are_seen(case: HugeCase, operation: str) -> None:
    assert judgement(small(case), operation, wrong=2**10).startswith("wrong")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_there_is_a_patch_at_every_boundary_and_at_both_ends(case: HugeCase) -> None:
    problem = case.problem
    for name, shape in {"input": problem.input_shape, "output": problem.output_shape}.items():
        total = int(np.prod(shape, dtype=np.int64))
        for index in (0, *(each for each in case.boundaries if each < total), total - 1):
            image, _, *position = map(int, np.unravel_index(index, shape))
            beside = [place[1:] for place in case.places if place[0] == image]
            near = (max(map(abs, np.subtract(position, start))) <= 16 for start in beside)
            assert any(near), (name, index)


def test_some_array_of_every_case_has_more_numbers_or_bytes_than_31_bits_count() -> None:
    for case in CASES:
        shapes = case.problem.input_shape, case.problem.output_shape
        assert max(int(np.prod(shape, dtype=np.int64)) for shape in shapes) > 2**31


def test_no_other_tier_holds_them() -> None:
    assert catalogue.cases("huge") == CASES
    assert not {case.id for case in CASES} & {case.id for case in catalogue.cases("full")}


def test_a_machine_without_the_memory_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", lambda name: 2**20 if name == "SC_PHYS_PAGES" else 4096)
    with pytest.raises(UsageError, match=r"this machine has 4 GB of memory, which is less than asking huge-.* takes"):
        session_of(RunOptions(adapters=("scipy",), tier="huge"))
