"""Integers and complex numbers before the judge: what is exact, what is allowed, and what is said of an error."""

from dataclasses import replace

import numpy as np
import pytest

from convformance.judging.conditions import NAMED
from convformance.judging.formats import default_accumulator, format_of, result_format
from convformance.judging.smallest import failure, smallest
from convformance.reference import integers, operations
from convformance.reference.dtypes import COMPLEX, INTEGERS, dtype_of, operand_dtypes
from convformance.test_cases.case import case
from convformance.test_cases.fills import fill
from tests.judging.asked import InstantAnswer, case_of, examine, judgement_of

BYTES = case_of(dtypes=("int8", "uint8", "int8xuint8", "uint8xint8"), zero_points=(3, 5), padding=((1, 0), (0, 1)))
WHOLE = case_of(dtypes=("int32",))
COMPLEX_CASE = case_of(dtypes=COMPLEX, padding=((1, 0), (0, 1)))


def _integers_off_by(error, declared):
    def run(operands):
        y = integers.apply("conv", declared.problem, *operands.arrays)
        y.flat[5] += error
        return y

    return run


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_right_exactly_or_wrong(dtype):
    declared = WHOLE if dtype == "int32" else BYTES
    examination = examine(declared, "conv", dtype)
    right = judgement_of(examination, _integers_off_by(0, declared))
    assert (right.grade, right.exact, right.accumulator, right.error) == ("conformant", True, "int32", 0.0)
    wrong = judgement_of(examination, _integers_off_by(1, declared))
    assert wrong.grade == "wrong"
    assert wrong.worst["bound"] == 0.0
    assert wrong.spread["wrong"] == 1


def test_bytes_are_answered_in_32_bits():
    def in_bytes(operands):
        return integers.apply("conv", BYTES.problem, *operands.arrays).astype(operands.arrays[0].dtype)

    judgement = judgement_of(examine(BYTES, "conv", "uint8xint8"), in_bytes)
    assert judgement.message == "the result has dtype uint8; wanted int32"
    assert judgement.diagnosis[0].name == "wrong-dtype"


@pytest.mark.parametrize("dtype", INTEGERS)
def test_fills_of_integers_use_the_types_and_never_sum_beyond_them(dtype):
    declared = WHOLE if dtype == "int32" else BYTES
    examination = examine(declared, "conv", dtype)
    assert examination.fills == ("int", "xwide", "wwide", "uniform", "ends")
    for name in examination.fills:
        trial = examination.trial(name)  # it raises BrokenFill where sums are too large
        assert trial.exact
        assert trial.A.max() < 2**31
        assert tuple(array.dtype.name for array in trial.operands.arrays) == operand_dtypes(dtype)
        np.testing.assert_array_equal(trial.y, integers.apply("conv", declared.problem, *trial.operands.arrays))
    ends = [np.unique(array).tolist() for array in examination.trial("ends").operands.arrays]
    if dtype == "int32":
        assert all(len(pair) == 2 and pair[0] == -pair[1] for pair in ends)
    else:
        assert ends == [[np.iinfo(name).min, np.iinfo(name).max] for name in operand_dtypes(dtype)]


def test_what_wrong_answers_share_may_be_a_zero_point_or_two_types():
    asked = {
        "a zero point",
        "a zero point of the first operand",
        "integers",
        "complex numbers",
        "operands of two types",
    }
    assert asked <= set(NAMED)


def test_formats_of_integers_wrap_and_those_of_complex_numbers_round_each_part():
    assert format_of("int32").round(np.array([2.0**31, -5.0])).tolist() == [-(2.0**31), -5.0]
    assert format_of("int8").unit == 0.0
    assert format_of("complex64").round(np.array([1 + 2.0**-30 + 3j])).tolist() == [1 + 3j]
    assert format_of("float16").round(np.array([1 + 2.0**-30 + 3j])).tolist() == [1 + 3j]
    assert result_format("int8xuint8").name == default_accumulator("uint8").name == "int32"
    assert default_accumulator("complex64").name == "complex64"


def test_a_question_is_named_by_the_types_of_its_operands():
    assert [dtype_of(operand_dtypes(dtype)) for dtype in (*INTEGERS, *COMPLEX)] == [*INTEGERS, *COMPLEX]


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("operation", ["conv", "conv_filter_grad", "conv_bias_grad"])
def test_exact_fills_of_complex_numbers_are_exact_by_three_real_operations(operation, dtype):
    examination = examine(COMPLEX_CASE, operation, dtype)
    part = np.dtype(dtype).type(0).real.dtype

    def by_three(operands):
        if len(operands.arrays) == 1:
            return operations.apply(operation, COMPLEX_CASE.problem, *operands.arrays)
        (a, b), (c, d) = ((array.real.astype(part), array.imag.astype(part)) for array in operands.arrays)
        ac, bd, both = (
            operations.apply(operation, COMPLEX_CASE.problem, *pair) for pair in ((a, c), (b, d), (a + b, c + d))
        )
        return (ac - bd + 1j * (both - ac - bd)).astype(dtype)

    judgement = judgement_of(examination, by_three)
    assert (judgement.grade, judgement.exact, judgement.accumulator) == ("conformant", True, dtype)
    assert 0 < judgement.error < 1


def test_the_worse_part_of_a_complex_number_is_shown():
    def imaginary_off(operands):
        y = operations.apply("conv", COMPLEX_CASE.problem, *operands.arrays)
        y.imag[0, 1, 2, 3] += 4
        return y

    judgement = judgement_of(examine(COMPLEX_CASE, "conv", "complex64"), imaginary_off)
    assert judgement.grade == "wrong"
    assert (judgement.worst["part"], judgement.worst["index"]) == ("imaginary", [0, 1, 2, 3])
    assert judgement.worst["got"] - judgement.worst["want"] == pytest.approx(4)
    assert "imaginary part: got" in judgement.message


def test_parts_rounded_on_the_way_are_low_precision():
    def in_half(operands):
        halves = ((array.real.astype(np.float16), array.imag.astype(np.float16)) for array in operands.arrays)
        arrays = [(real + 1j * imaginary.astype(np.float32)).astype(np.complex64) for real, imaginary in halves]
        return operations.apply("conv", COMPLEX_CASE.problem, *arrays)

    judgement = judgement_of(examine(COMPLEX_CASE, "conv", "complex64"), in_half)
    assert judgement.grade == "low-precision"
    assert "inputs rounded to" in judgement.message


def test_the_smallest_failure_drops_the_zero_point_that_does_not_matter():
    def fails(problem, operands):
        ignoring = replace(problem, zero_points=(0, problem.zero_points[1]))

        def ask(asked):
            return InstantAnswer(integers.apply("conv", ignoring, *asked.arrays))

        return failure("conv", problem, operands, ask, "int8xuint8")

    found = smallest("conv", BYTES.problem, fill(BYTES, "conv", "int8xuint8", "int"), fails)
    assert found is not None
    assert found.problem.zero_points == (3, 0)
    assert found.to_json()["call"] == "integers.conv(x, w, zero_points=(3, 0))"
    assert found.want.size == 1


def test_the_smallest_failure_of_complex_numbers_writes_them_as_texts():
    def fails(problem, operands):
        def ask(asked):
            return InstantAnswer(operations.apply("conv", problem, asked.arrays[0], asked.arrays[1].conj()))

        return failure("conv", problem, operands, ask, "complex64")

    found = smallest("conv", COMPLEX_CASE.problem, fill(COMPLEX_CASE, "conv", "complex64", "int"), fails)
    assert found is not None
    document = found.to_json()
    assert document["got"] == [[[["0-1j"]]]]
    assert document["want"] == [[[["0+1j"]]]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtypes": ("int8",), "bias": True}, "bias=True; allowed: False"),
        ({"dtypes": ("complex64",), "special": "nan-data"}, "special='nan-data'; allowed: none"),
        ({"dtypes": ("complex64",), "then": "relu"}, "then='relu'; allowed: none"),
        ({"zero_points": (1, 0)}, r"zero_points=\(1, 0\); allowed: \(0, 0\)"),
        ({"dtypes": ("uint8xint8",), "zero_points": (128, 128)}, "zero_points holds 128; allowed: -128 to 127"),
        ({"dtypes": ("int64",)}, "dtypes holds 'int64'; allowed: float64"),
    ],
)
def test_a_case_that_cannot_be_asked_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        case("tests", "Nothing.", input_size=(4, 5), kernel_size=2, **changes)
