"""Numbers from the ends of a type's range: what they hold, what may stand where sums overflow, and what may not."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

from convformance.judging import ranges
from convformance.judging.bounds import RANGE_FILL, Operands, Trial
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.formats import FORMATS, Precision, default_accumulator, format_of
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, LOW_PRECISION, WRONG
from convformance.judging.grading import grade_fill
from convformance.judging.judgement import Judgement
from convformance.judging.rule import judge
from convformance.judging.scaling import fitted
from convformance.judging.smallest import Failure, failure, smallest
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from convformance.test_cases import fills
from convformance.test_cases.case import DTYPES, NARROW, UNBIASED, Case
from convformance.test_cases.memory import MEMORY
from convformance.test_cases.ranges import RANGES
from tests.judging import summing
from tests.judging.asked import InstantAnswer, case_of, examine
from tests.zoo import ranges as zoo
from tests.zoo import special
from tests.zoo.garden import MEMBERS as GARDEN
from tests.zoo.member import Member

SMALL: dict[str, Any] = {"input_size": (4, 5), "kernel_size": (2, 2), "in_channels": 4, "out_channels": 6, "batch": 3}
ORDERS = {
    "forwards": summing.forwards,
    "backwards": summing.backwards,
    "pairwise": summing.pairwise,
    "in-blocks": summing.in_blocks,
    "in-lanes": summing.in_lanes,
    "shuffled": summing.shuffled,
}
WRONG_MEMBERS = (*zoo.MEMBERS, *(member for member in special.MEMBERS if member.name == "infinity-without-sign"))
# Of each of them the name that its answers are explained by.
NAMED = {member.name: member.diagnosis or "sign-of-infinity" for member in WRONG_MEMBERS}


def ranged(kind: str, **sizes: Any) -> Case:
    return case_of(**{**SMALL, **sizes, "range": kind})


def exact_sums(operation: str, trial: Trial) -> list[Fraction]:
    """Return the result of a trial of two operands, every product and sum a fraction."""
    table = summing.products(operation, trial.problem)
    first, second = (np.append(array.astype(np.float64).ravel(), 0.0) for array in trial.operands.arrays)
    rows = zip(first[table.first], second[table.second], strict=True)
    return [sum((Fraction(a) * Fraction(b) for a, b in zip(*row, strict=True)), Fraction(0)) for row in rows]


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", UNBIASED)
def test_the_truth_is_that_of_fractions_however_large_or_small(kind: str, dtype: str, operation: str) -> None:
    declared = ranged(kind, input_size=(3,), kernel_size=(2,), groups=2)
    trial = examine(declared, operation, dtype).trial(RANGE_FILL)
    fmt = format_of(dtype)
    edge = Fraction(fmt.largest) * (1 + Fraction(fmt.unit) / (2 - 2 * Fraction(fmt.unit)))
    for want, exact in zip(trial.want.flat, exact_sums(operation, trial), strict=True):
        if abs(exact) >= edge:
            assert want == (np.inf if exact > 0 else -np.inf)
        else:
            assert want == fmt.round(np.array([float(exact)]))[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_come_from_the_whole_range(dtype: str) -> None:
    fmt = format_of(dtype)
    trial = examine(ranged("wide-range", out_channels=9), "conv", dtype).trial(RANGE_FILL)
    x = np.abs(trial.operands.arrays[0].astype(np.float64))
    y = np.abs(trial.want)
    assert x.min() >= fmt.smallest_normal
    assert y[y > 0].min() < 2**6 * fmt.smallest_normal
    assert fmt.largest / 2**6 < y.max() < np.inf


@pytest.mark.parametrize("operation", [*UNBIASED, "conv_bias_grad"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_some_sums_overflow_and_some_do_not(operation: str, dtype: str) -> None:
    want = examine(ranged("overflow", input_size=(6, 5)), operation, dtype).trial(RANGE_FILL).want
    assert 0.1 < np.isinf(want).mean() < 0.95
    assert set(np.sign(want[np.isinf(want)])) == ({1.0} if operation == "conv_bias_grad" else {1.0, -1.0})


def test_sums_of_one_sign_overflow_where_the_result_does_not() -> None:
    trial = examine(ranged("cancelling-overflow"), "conv", "float16").trial(RANGE_FILL)
    positive = trial.unscaled((trial.A + trial.y) / 2)
    assert np.any((positive > FORMATS["float16"].largest) & np.isfinite(trial.want))


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_operands_have_normal_products(dtype: str) -> None:
    least = format_of(dtype).smallest_normal
    trial = examine(ranged("subnormal"), "conv", dtype).trial(RANGE_FILL)
    for array in trial.operands.arrays:
        sizes = np.abs(array.astype(np.float64))
        assert np.any((sizes > 0) & (sizes < least))
    assert np.abs(trial.want[trial.want != 0]).min() > least


@pytest.mark.parametrize("sums", ORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", RANGES)
def test_any_order_of_sums_is_right(kind: str, dtype: str, sums: str) -> None:
    for operation in ("conv", "conv_input_grad", "conv_filter_grad"):
        examination = examine(ranged(kind), operation, dtype)
        judgement = judged(examination, partial(in_order, examination, ORDERS[sums]))
        assert judgement.grade == CONFORMANT, (operation, judgement.message)


def in_order(examination: Examination, sums: summing.Sum, operands: Operands) -> Array:
    table = summing.products(examination.operation, examination.problem)
    computing = examination.expected.accumulator.dtype
    with np.errstate(all="ignore"):
        first, second = (array.astype(computing).ravel() for array in operands.arrays)
        result = sums(*table.factors(first, second)).reshape(table.shape)
        return round_once(result, examination.expected.result.dtype)


def judged(examination: Examination, run: Any) -> Judgement:
    return judge(examination, lambda operands: InstantAnswer(run(operands)))


def sum_of(terms: list[float], dtype: str) -> Trial:
    """Return the trial that sums ``terms``, as a pointwise convolution with ones."""
    problem = Problem.of(input_size=(1,), kernel_size=(1,), in_channels=len(terms), out_channels=1, batch=1)
    stored = format_of(dtype).dtype
    arrays = (np.array(terms, stored).reshape(1, -1, 1), np.ones((1, len(terms), 1), stored))
    return Trial(
        "conv", problem, RANGE_FILL, fills.Operands(arrays), Precision(default_accumulator(dtype), FORMATS[dtype])
    )


INFINITE, NAN = np.inf, np.nan


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize(
    ("shares", "right", "wrong"),
    [
        ((0.5, 0.25), (0.75,), (INFINITE, NAN, 1.0, 0.5)),
        ((0.75, 0.75), (INFINITE,), (-INFINITE, NAN, 1.0)),
        ((0.75, 0.75, -0.75), (0.75, INFINITE), (-INFINITE, NAN, 1.0, 0.0)),
        ((0.75, -0.75, -0.75), (-0.75, -INFINITE), (INFINITE, NAN, 0.75)),
        ((0.75, 0.75, -0.75, -0.75), (0.0, INFINITE, -INFINITE, NAN), (1.0, 0.75)),
    ],
)
def test_what_some_order_gives_may_stand_and_what_none_gives_may_not(
    dtype: str, shares: tuple[float, ...], right: tuple[float, ...], wrong: tuple[float, ...]
) -> None:
    end = 2.0 ** round(np.frexp(format_of(dtype).largest)[1] - 1) * 1.5  # three quarters of where the range ends
    trial = sum_of([share / 0.75 * end for share in shares], dtype)
    for number in right:
        assert graded(trial, number / 0.75 * end).grade == CONFORMANT, number
    for number in wrong:
        largest = format_of(dtype).largest
        assert graded(trial, largest if number == 1.0 else number / 0.75 * end).grade == WRONG, number


def graded(trial: Trial, number: float) -> Any:
    with np.errstate(over="ignore"):
        return grade_fill(trial, np.full((1, 1, 1), number).astype(trial.operands.arrays[0].dtype))


def test_a_wider_accumulator_holds_what_the_result_does_not() -> None:
    trial = sum_of([49152.0, 49152.0, -49152.0], "float16")
    assert graded(trial, 49152.0).grade == CONFORMANT
    assert graded(trial, np.inf).grade == WRONG
    in_float16 = Precision(FORMATS["float16"], FORMATS["float16"])
    infinite = np.full((1, 1, 1), np.inf)
    assert ranges.allowed(trial, infinite, in_float16).all()
    assert not ranges.allowed(trial, -infinite, in_float16).any()


def test_an_error_may_take_a_result_over_the_edge_only_where_there_is_one() -> None:
    assert graded(sum_of([65504.0, 8.0], "float16"), np.inf).grade == WRONG
    assert graded(sum_of([65504.0, 16.0], "float16"), np.inf).grade == CONFORMANT
    assert graded(sum_of([65504.0, 16.0], "float16"), 65504.0).grade == COMPONENTWISE, "not rounded to nearest"
    assert graded(sum_of([65504.0, 4096.0], "float16"), 65504.0).grade == WRONG


@pytest.mark.parametrize("dtype", NARROW)
def test_sums_kept_in_a_narrow_type_are_of_low_precision(dtype: str) -> None:
    for kind in ("cancelling-overflow", "overflow", "wide-range"):
        examination = examine(ranged(kind), "conv", dtype)
        table = summing.products("conv", examination.problem)

        def narrow(operands: Operands, table: summing.Products = table) -> Array:
            with np.errstate(all="ignore"):
                first, second = (array.ravel() for array in operands.arrays)
                return summing.forwards(*table.factors(first, second)).reshape(table.shape).astype(first.dtype)

        judgement = judged(examination, narrow)
        assert (judgement.grade, judgement.accumulator) == (LOW_PRECISION, dtype), (kind, judgement.message)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operand", [0, 1, 2])
def test_subnormal_operands_taken_for_0_are_named(dtype: str, operand: int) -> None:
    examination = examine(ranged("subnormal"), "conv", dtype)
    least = format_of(dtype).smallest_normal

    def flushing(operands: Operands) -> Array:
        arrays = [
            np.where(np.abs(array.astype(np.float64)) < least, array.dtype.type(0), array)
            if operand in (index, 2)
            else array
            for index, array in enumerate(operands.arrays)
        ]
        return in_order(examination, summing.forwards, fills.Operands(tuple(arrays)))

    judgement = judged(examination, flushing)
    assert judgement.grade == LOW_PRECISION
    assert judgement.message == "subnormal operands are taken for 0"
    assert [match.name for match in judgement.diagnosis] == ["subnormals-flushed"]
    assert not judgement.exact
    assert judgement.fills[RANGE_FILL] == LOW_PRECISION


@pytest.mark.parametrize("member", WRONG_MEMBERS, ids=lambda member: member.name)
def test_a_wrong_member_is_right_for_ordinary_numbers_and_named_for_others(member: Member) -> None:
    named = set()
    for kind in RANGES:
        for dtype in ("float32", "float16"):
            examination = examine(ranged(kind), "conv", dtype)
            judgement = judged(examination, asking(member, examination))
            ordinary = {grade for name, grade in judgement.fills.items() if name != RANGE_FILL}
            assert ordinary <= {"exact", CONFORMANT}
            named |= {match.name for match in judgement.diagnosis[:1]}
    assert NAMED[member.name] in named


def asking(member: Member, examination: Examination) -> Any:
    run = member.start()

    def answer(operands: Operands) -> Array:
        with np.errstate(all="ignore"):
            return run(examination.operation, examination.problem, operands.arrays, operands.bias)

    return answer


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_garden_is_right_on_every_range(kind: str, dtype: str) -> None:
    operations = [name for name in OPERATIONS if kind != "subnormal" or name != "conv_bias_grad"]
    declared = ranged(kind, input_size=(4, 4), groups=2)
    for operation in operations:
        examination = examine(declared, operation, dtype)
        for member in GARDEN:
            if operation in member.operations:
                judgement = judged(examination, asking(member, examination))
                allowed = {CONFORMANT, "componentwise", member.grade}
                assert judgement.grade in allowed, (operation, member.name, judgement.message)


def shrunk(member: Member, kind: str) -> Failure | None:
    declared, run = ranged(kind), member.start()

    def fails(problem: Problem, operands: Operands) -> Failure | None:
        with np.errstate(all="ignore"):
            return failure(
                "conv",
                problem,
                operands,
                lambda asked: InstantAnswer(run("conv", problem, asked.arrays, asked.bias)),
                "float32",
                fill=RANGE_FILL,
                exact=kind == "subnormal",
            )

    operands = fills.fill(declared, "conv", "float32", RANGE_FILL)
    return smallest("conv", declared.problem, operands, fails, fill=RANGE_FILL, seconds=60)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("small-results-as-zero", "wide-range"), ("exponent-cut", "wide-range"), ("subnormals-as-zero", "subnormal")],
)
def test_the_smallest_case_has_one_product_of_the_size_that_fails(name: str, kind: str) -> None:
    (member,) = (member for member in zoo.MEMBERS if member.name == name)
    failed = shrunk(member, kind)
    assert failed is not None
    assert [array.size for array in failed.operands.arrays] == [1, 1]
    assert abs(failed.want.item()) >= FORMATS["float32"].smallest_normal


def test_a_long_number_is_listed_as_a_float() -> None:
    (member,) = (member for member in zoo.MEMBERS if member.name == "largest-for-infinity")
    failed = shrunk(member, "overflow")
    assert failed is not None
    assert len(str(failed.to_json()["got"])) < 200


def test_numbers_are_scaled_without_loss_beside_zeros_in_the_other_operand() -> None:
    problem = Problem.of(input_size=(1,), kernel_size=(1,), in_channels=2, out_channels=1, batch=1)
    arrays = (np.array([0.0, 3.0]).reshape(1, 2, 1), np.array([2.0**1000, 2.0**-1000]).reshape(1, 2, 1))
    exponents = fitted("conv", problem, arrays)
    scaled = [np.ldexp(array, -each) for array, each in zip(arrays, exponents.of_operands(), strict=True)]
    assert (np.ldexp(scaled[0] * scaled[1], exponents.of_result()).ravel() == [0.0, 3 * 2.0**-1000]).all()
    assert max(float(np.abs(array).max()) for array in scaled) <= 1


def test_a_range_fill_whose_sums_round_is_broken() -> None:
    declared = ranged("wide-range")
    operands = fills.fill(declared, "conv", "float32", RANGE_FILL)
    digits = fills.Operands((operands.arrays[0] * np.float32(1 + 2.0**-23), operands.arrays[1]))
    examination = Examination("conv", declared.problem, "float32", lambda *_: digits, fills=(RANGE_FILL,))
    with pytest.raises(BrokenFill):
        examination.trial(RANGE_FILL)


def test_a_case_without_a_range_has_no_such_fill() -> None:
    declared = replace(ranged("overflow"), range="")
    assert RANGE_FILL not in examine(declared, "conv", "float32").fills
    with pytest.raises(ValueError, match="fill='range' is unknown"):
        fills.fill(declared, "conv", "float32", RANGE_FILL)


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["conv", "conv_transpose"])
def test_operands_and_bias_are_numbers_where_little_is_summed(kind: str, dtype: str, operation: str) -> None:
    sizes = {"input_size": (2, 3), "kernel_size": (1, 1), "in_channels": 1, "out_channels": 5, "bias": True}
    operands = fills.fill(ranged(kind, **sizes), operation, dtype, RANGE_FILL)
    assert operands.bias is not None
    assert all(np.isfinite(array.astype(np.float64)).all() for array in (*operands.arrays, operands.bias))


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sums_are_exact_in_every_layout_in_memory(memory: str, kind: str, operation: str) -> None:
    trial = examine(ranged(kind, groups=2, memory=memory), operation, "float16").trial(RANGE_FILL)  # else BrokenFill
    assert np.any(trial.want)
    repeats = [0 in array.strides for array in trial.operands.arrays]
    assert repeats == ([memory == "expanded"] + [False] * (len(repeats) - 1))
