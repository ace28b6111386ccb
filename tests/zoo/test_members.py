"""The zoo's members: what they say of themselves is in order, what they are made of is right, each of them is wrong."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from convformance.adapters.contract import put_back
from convformance.adapters.guarded import guard
from convformance.judging.diagnosis import EXPLANATIONS
from convformance.judging.examination import Examination
from convformance.judging.formats import format_of
from convformance.judging.grading import grade_fill, grade_special_fill
from convformance.reference import operations
from convformance.reference.operation import OPERATIONS, WITH_BIAS
from convformance.reference.problem import Problem
from convformance.test_cases import examining, fills
from convformance.test_cases.case import DTYPES, Case
from convformance.test_cases.catalogue import case_by_id, cases
from tests.zoo import tap_loops
from tests.zoo.catalogue import ZOO
from tests.zoo.member import Array, Arrays, Member, Run

# What each needs to be wrong is in no case of the smoke tier; a case of the standard tier has it.
CAUGHT_LATER = {
    "bias-of-first-group": "mixed-n2c6o3-1-k1-p1-g3-bias-permuted",
    "wide-kernel-cut-in-groups": "groups-n2c4o6-3x72-k2x67-g2",
    "stride-ignored-unless-on-first-axis": "ranks-n2c4o6-5x8x7-k2x3x2-s1x2x3-p1.0x0.2x1-d3x1x2-g2",
    "transposed-same-raising-beyond-kernel": "same-n2c4o6-10x11-k3x2-s2x3-same_upper-d3x2",
    "vectors-from-aligned-memory": "memory-n1c16o32-9x8-k3x3-p1x1-unaligned",
    "rows-by-strides": "memory-n1c1o3-6x7-k2x3-ones",
    "nan-as-zero-in-filter": "special-n2c4o6-6x5-k3x2-nan-filter",
    "infinity-as-number": "special-n2c4o6-6x7-k2x3-inf-data",
    "subnormals-as-zero": "ranges-n3c4o6-5x7-k2x2-subnormal",
    "signs-summed-apart": "ranges-n2c4o6-6x7-k3x2-cancelling-overflow",
    "views-padded-with-leftovers": "memory-n2c4o6-9x8-k3x2-s2x3-p1.0x0.1-sliced",
    "transposed-to-nothing-raising": "empty-n2c4o6-4x0-k2x3-p0x2.3",
    "wide-output-padding-zero": "outputs-n2c4o6-9x7-k2x2-y2x2-d4x3-bias",
    "circular-border-of-the-near-end": "borders-n2c4o6-4x7-k3x5-p1x2-wrap",
    "border-as-wide-behind-as-before": "borders-n2c4o6-7x8-k3x2-s2x3-p1x1.2-reflect",
    "relu-before-normalisation": "composition-n2c4o6-7x6-k2x3-bias-batch.norm.relu",
    "relu-of-nan-zero": "composition-n2c4o6-6x5-k3x2-bias-relu-nan-data",
    "wide-kernel-in-groups-raising": "groups-n2c4o6-3x72-k2x67-g2",
    "eight-images-again": "paths-n16c4o8-8x8-k3x3-p1x1",
    "gradient-of-eight-images": "paths-n16c4o8-8x8-k3x3-p1x1",
}
CHANGING = "operand-changed"
DECLARED = (ValueError, RuntimeError, ZeroDivisionError)  # what members that end in "raising" raise

# Asymmetric in everything, and so small that every member answers at once.
TINY = {
    rank: Problem.of(
        input_size=(7, 6, 5)[:rank],
        kernel_size=(3, 2, 2)[:rank],
        batch=3,
        in_channels=4,
        out_channels=6,
        stride=(2, 1, 1)[:rank],
        padding=((1, 0), (0, 2), (1, 1))[:rank],
        dilation=(1, 2, 1)[:rank],
        groups=2,
    )
    for rank in (1, 2, 3)
}
PLAIN = [
    case.id
    for case in cases("smoke")
    if not case.special and not case.problem.beyond and set(case.dtypes) <= set(DTYPES)
]
named = pytest.mark.parametrize("member", ZOO, ids=lambda member: member.name)


@pytest.mark.parametrize("name", ["filter-view-read-from-start", "input-view-read-from-start"])
def test_what_reads_the_memory_behind_a_view_stops_where_no_page_may_be_read(name: str) -> None:
    member = next(member for member in ZOO if member.name == name)
    operands, _ = _operands(TINY[2], member.operations[0], "float32")
    guarded = [guard(array, first=False) for array in operands]
    answers = [_answer(member, member.operations[0], TINY[2], tuple(arrays), None) for arrays in (operands, guarded)]
    np.testing.assert_array_equal(*answers)


def test_there_are_as_many_as_promised_and_no_two_of_a_name() -> None:
    assert len(ZOO) >= 120
    assert [name for name, times in Counter(member.name for member in ZOO).items() if times > 1] == []


@named
def test_a_member_says_what_it_is(member: Member) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", member.name)
    assert re.fullmatch(r"[A-Z][^.]*\.", member.says), "one sentence"
    assert set(member.operations) <= set(OPERATIONS)
    assert len(set(member.operations)) == len(member.operations) > 0
    assert re.fullmatch(r"(https://[\w.-]+(/[\w./-]*)?)?", member.source)
    assert member.grade == "conformant"


@named
def test_the_diagnosis_of_a_member_is_a_public_name(member: Member) -> None:
    assert member.diagnosis is None or set(member.diagnosis.split("+")) <= set(EXPLANATIONS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case_id", PLAIN)
def test_what_members_are_made_of_is_right(case_id: str, dtype: str) -> None:
    declared = case_by_id(case_id)
    for operation in declared.operations:
        operands = fills.fill(declared, operation, dtype, "int")
        want = operations.apply(operation, declared.problem, *operands.arrays, bias=operands.bias)
        np.testing.assert_array_equal(
            tap_loops.apply(operation, declared.problem, operands.arrays, operands.bias), want
        )


@named
@pytest.mark.parametrize("rank", TINY)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_a_member_answers_in_any_rank_or_raises_as_it_says(member: Member, rank: int, dtype: str) -> None:
    for operation in member.operations:
        arrays, bias = _operands(TINY[rank], operation, dtype)
        before = [array.copy() for array in arrays]
        value = _answer(member, operation, TINY[rank], arrays, bias)
        if value is None:
            assert member.name.endswith("raising")
        if member.diagnosis != CHANGING:
            assert all(np.array_equal(*pair) for pair in zip(arrays, before, strict=True))


def _operands(problem: Problem, operation: str, dtype: str) -> tuple[Arrays, Array | None]:
    generator = np.random.default_rng(7)

    def drawn(shape: tuple[int, ...]) -> Array:
        return generator.integers(-4, 5, shape).astype(format_of(dtype).dtype)

    bias = drawn(problem.operation_bias_shape(operation)) if operation in WITH_BIAS else None
    return tuple(map(drawn, problem.operand_shapes(operation))), bias


def _answer(member: Member, operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array | None:
    """Return the answer, or None where the member raises what it may."""
    try:
        with np.errstate(all="ignore"):
            return member.start()(operation, problem, arrays, bias)
    except DECLARED:
        return None


@named
def test_a_member_is_wrong_at_smoke_unless_it_is_caught_later(member: Member) -> None:
    caught = any(_caught(member, *question) for question in _questions(member, cases("smoke")))
    assert caught == (member.name not in CAUGHT_LATER)


@pytest.mark.parametrize("name", CAUGHT_LATER)
def test_what_smoke_does_not_catch_a_case_of_the_standard_tier_does(name: str) -> None:
    (member,) = (member for member in ZOO if member.name == name)
    (declared,) = (case for case in cases("standard") if case.id == CAUGHT_LATER[name])
    assert any(_caught(member, *question) for question in _questions(member, (declared,)))


def test_nine_of_ten_are_caught_at_smoke() -> None:
    assert len(CAUGHT_LATER) <= 0.1 * len(ZOO)


def _questions(member: Member, asked: tuple[Case, ...]) -> Iterator[tuple[Case, str, str]]:
    """Yield the questions of a member, those in float32 first: all but few are wrong in it."""
    dtypes = sorted(DTYPES, key=lambda dtype: dtype != "float32")
    for dtype in dtypes:
        for case in asked:
            if dtype in case.dtypes and member.answers(case.problem):
                yield from ((case, operation, dtype) for operation in case.operations if operation in member.operations)


@lru_cache(maxsize=512)
def _examination(case: Case, operation: str, dtype: str) -> Examination:
    return examining.examination(case, operation, dtype)


def _caught(member: Member, case: Case, operation: str, dtype: str) -> bool:
    """Whether the judge would call the answer to some fill less than right; its diagnosis would take longer."""
    examination = _examination(case, operation, dtype)
    run = member.start()
    names = examination.fills[:1] if 0 in examination.shape else examination.fills
    return any(_unlike(run, examination, name) for name in names)


def _unlike(run: Run, examination: Examination, name: str) -> bool:
    """Whether the answer on one fill is another array than it should be, or operands were changed."""
    trial = examination.trial(name)
    operands = trial.operands
    arrays = [*operands.arrays] if operands.bias is None else [*operands.arrays, operands.bias]
    contents = [array.tobytes() for array in arrays]
    try:
        with np.errstate(all="ignore"):
            value = np.array(run(examination.operation, examination.problem, operands.arrays, operands.bias))
    except DECLARED:
        return True
    finally:
        changed = put_back(arrays, contents)
    if changed or value.shape != examination.shape or value.dtype != arrays[0].dtype:
        return True
    if not value.size:
        return False
    result = (grade_special_fill if examination.special else grade_fill)(trial, value)
    return not result.exact if trial.exact and not examination.special else result.grade != "conformant"
