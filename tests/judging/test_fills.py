"""Fills: the same in any process, exact where they claim it, random where not, and laid out as the case says."""

import hashlib
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from convformance.judging.bounds import fills_of, magnitude, products
from convformance.judging.examination import Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Precision, format_of
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import fills
from convformance.test_cases.case import DTYPES, Case
from tests.judging.asked import case_of, examine

GRID: dict[str, Case] = {
    "plain": case_of(),
    "line with stride": case_of(input_size=(11,), kernel_size=4, stride=3, padding=((2, 1),)),
    "volume with dilation": case_of(input_size=(5, 4, 6), kernel_size=(2, 3, 2), dilation=(1, 1, 2), padding=1),
    "grouped with bias": case_of(groups=2, bias=True, operations=OPERATIONS),
    "one product": case_of(input_size=(1, 1), kernel_size=1, in_channels=1, out_channels=1, batch=1),
    "long sums": case_of(input_size=(4, 3), kernel_size=(3, 2), in_channels=700, out_channels=9, batch=1),
    "long sums over positions": case_of(input_size=(33, 31), kernel_size=2, in_channels=2, out_channels=3, batch=3),
    "nothing but padding": case_of(input_size=(0, 3), kernel_size=(2, 1), padding=((2, 1), (0, 0))),
}


def _in_float64(operands: fills.Operands) -> tuple[tuple[Array, ...], Array | None]:
    bias = None if operands.bias is None else operands.bias.astype(np.float64)
    return tuple(array.astype(np.float64) for array in operands.arrays), bias


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GRID)
def test_every_exact_fill_is_exact_in_every_accumulator_and_for_every_input(name: str, dtype: str) -> None:
    case = GRID[name]
    for operation in OPERATIONS:
        examination = examine(case, operation, dtype)
        expected = examination.expected
        for accumulator in (entry for entry in ACCUMULATORS if FORMATS[entry].digits <= expected.accumulator.digits):
            for inputs in (None, *(fmt for fmt in FORMATS.values() if fmt.digits < expected.result.digits)):
                precision = Precision(FORMATS[accumulator], expected.result, inputs)
                for fill in fills_of(operation):
                    examination.trial(fill, precision)  # raises BrokenFill if it is not


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sums_of_an_exact_fill_are_bounded_and_never_zero_throughout(operation: str, dtype: str) -> None:
    digits = 53 if dtype == "float64" else 24
    for fill in fills_of(operation)[:-2]:
        arrays, bias = _in_float64(fills.fill(GRID["grouped with bias"], operation, dtype, fill))
        sizes = magnitude(operation, GRID["grouped with bias"].problem, arrays, bias)
        assert 0 < sizes.max() <= 2.0**digits
        assert np.all(np.abs(sizes) <= format_of(dtype).largest)


@pytest.mark.parametrize("dtype", DTYPES)
def test_wide_fills_use_every_digit_that_fits(dtype: str) -> None:
    digits = {"float64": 47, "float32": 18, "float16": 11, "bfloat16": 8}[dtype]
    for fill, wide in (("xwide", 0), ("wwide", 1)):
        arrays, _ = _in_float64(fills.fill(GRID["plain"], "conv", dtype, fill))
        wides, ones = (np.abs(arrays[operand][arrays[operand] != 0]) for operand in (wide, 1 - wide))
        quantum = np.gcd.reduce((wides * 2.0**14).astype(np.int64)) / 2.0**14
        assert np.log2(quantum).is_integer()
        assert 2.0 ** (digits - 1) < wides.max() / quantum < 2.0**digits
        assert len(np.unique(ones)) == 1


def test_inputs_of_fewer_digits_survive_that_rounding() -> None:
    for inputs in ("bfloat16x3", "tfloat32", "float16", "bfloat16"):
        for fill in fills.EXACT_FILLS:
            for array in fills.fill(GRID["plain"], "conv", "float32", fill, inputs=inputs).arrays:
                significands, _ = np.frexp(array.astype(np.float64))
                scaled = significands * 2.0 ** FORMATS[inputs].digits
                assert np.array_equal(scaled, np.round(scaled))


def test_integers_are_the_same_in_every_dtype() -> None:
    case = GRID["grouped with bias"]
    wanted, bias = _in_float64(fills.fill(case, "conv", "float64", "int"))
    for dtype in ("float32", "bfloat16", "float16"):
        arrays, other = _in_float64(fills.fill(case, "conv", dtype, "int"))
        factor = float(np.abs(wanted[0]).max() / np.abs(arrays[0]).max())
        assert factor == 1.0 if dtype != "float16" else np.log2(factor).is_integer()
        assert np.array_equal(arrays[0] * factor, wanted[0])
        assert np.array_equal(other * factor, bias)
        assert np.array_equal(arrays[1], wanted[1])


def test_integers_are_as_large_as_their_sums_allow() -> None:
    case = GRID["plain"]
    longest = int(products("conv", case.problem).max())
    largest = np.abs(fills.fill(case, "conv", "float32", "int").arrays[0]).max()
    assert largest == 256
    assert 256**2 * longest <= 2**24
    few = np.abs(fills.fill(case, "conv", "float16", "int", accumulator="float16").arrays[0]).max()
    assert few == int(np.sqrt(2**11 // longest))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("fill", fills.RANDOM_FILLS)
def test_random_fills_have_the_moments_they_claim(fill: str, dtype: str) -> None:
    x = fills.fill(GRID["long sums"], "conv", dtype, fill).arrays[1].astype(np.float64)
    scale = 1.0 if dtype != "float16" else np.abs(x).max() / {"normal": 4.3, "positive": 1.0}[fill]
    mean, deviation = {"normal": (0.0, 1.0), "positive": (0.5, 12**-0.5)}[fill]
    assert abs(x.mean() / scale - mean) < 0.02
    assert abs(x.std() / scale - deviation) < 0.1
    assert len(np.unique(x)) > (100 if dtype == "bfloat16" else 1000)


@pytest.mark.parametrize("fill", [*fills.EXACT_FILLS, *fills.RANDOM_FILLS])
@pytest.mark.parametrize("operation", ["conv", "conv_filter_grad"])
def test_no_sum_overflows_float16_and_nothing_in_it_is_subnormal(operation: str, fill: str) -> None:
    for case in (GRID["long sums"], GRID["long sums over positions"]):
        operands = fills.fill(case, operation, "float16", fill)
        arrays, _ = _in_float64(operands)
        assert np.isfinite(operations.apply(operation, case.problem, *arrays).astype(np.float16)).all()
        for array in arrays:
            assert np.abs(array[array != 0]).min() >= 2.0**-14


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_memory_is_laid_out_as_the_case_says_with_the_same_numbers(dtype: str) -> None:
    contiguous = fills.fill(case_of(), "conv", dtype, "normal")
    for memory in ("sliced", "permuted"):
        case = case_of(memory=memory)
        operands = fills.fill(case, "conv", dtype, "normal")
        for array, shape in zip(operands.arrays, case.problem.operand_shapes("conv"), strict=True):
            assert array.shape == shape
            assert array.dtype == contiguous.arrays[0].dtype
            assert not array.flags.c_contiguous
        if memory == "permuted":
            assert np.moveaxis(operands.arrays[0], 1, -1).flags.c_contiguous
        else:
            assert operands.arrays[0].strides[-1] == 2 * operands.arrays[0].itemsize


def test_every_operand_has_numbers_of_its_own() -> None:
    seen = set()
    for operation in ("conv", "conv_filter_grad"):
        for fill in fills.RANDOM_FILLS:
            for seed in (0, 1):
                operands = fills.fill(case_of(seed=seed, bias=True, operations=OPERATIONS), operation, "float64", fill)
                seen.update(float(array.flat[0]) for array in (*operands.arrays, operands.bias) if array is not None)
    assert len(seen) == 2 * 2 * (3 + 2)


PINNED = {
    ("int", "float32"): "adf8f0555eafb954",
    ("xwide", "float64"): "07baa4e1fbba2d9b",
    ("wwide", "bfloat16"): "56ddeaa8b452b1c2",
    ("normal", "float32"): "44cb1dc6711b9d6d",
    ("positive", "float16"): "a7e56bd3f0e18b88",
}


def _digest(fill: str, dtype: str) -> str:
    operands = fills.fill(case_of(bias=True), "conv", dtype, fill)
    fmt = b"".join(array.tobytes() for array in (*operands.arrays, operands.bias))
    return hashlib.sha256(fmt).hexdigest()[:16]


@pytest.mark.parametrize(("fill", "dtype"), PINNED)
def test_data_never_changes(fill: str, dtype: str) -> None:
    assert _digest(fill, dtype) == PINNED[fill, dtype]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_data_is_the_same_in_another_process_with_another_hash_seed(seed: str) -> None:
    script = "from tests.judging.test_fills import _digest; print(_digest('normal', 'float32'))"
    command, root = [sys.executable, "-c", script], Path(__file__).parents[2]
    completed = subprocess.run(
        command, cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert completed.stdout.strip() == PINNED["normal", "float32"]


def test_what_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="fill='uniform' is unknown; allowed: int, xwide, wwide, normal, positive"):
        fills.fill(case_of(), "conv", "float32", "uniform")
    with pytest.raises(
        ValueError, match="dtype='tfloat32' is not judged; allowed: float64, float32, float16, bfloat16"
    ):
        fills.fill(case_of(), "conv", "tfloat32", "int")
    with pytest.raises(ValueError, match="special='inf-everywhere' is unknown"):
        fills.fill(case_of(special="inf-everywhere"), "conv", "float32", "int")


def test_an_examination_asks_for_each_fill_once() -> None:
    asked = []
    case = case_of()

    def data(name: str, accumulator: str | None, inputs: str | None) -> fills.Operands:
        asked.append((name, accumulator, inputs))
        return fills.fill(case, "conv", "float32", name, accumulator, inputs)

    examination = Examination("conv", case.problem, "float32", data)
    expected = Precision(FORMATS["float32"], FORMATS["float32"])
    for precision in (None, expected, Precision(FORMATS["float16"], FORMATS["float32"]), None):
        examination.trial("int", precision)
    assert asked == [*((name, None, None) for name in fills_of("conv")), ("int", "float16", None)]


def test_bfloat16_operands_are_of_the_extension_dtype() -> None:
    assert fills.fill(case_of(), "conv", "bfloat16", "normal").arrays[0].dtype == ml_dtypes.bfloat16
    assert fills.fill(case_of(), "conv", "float16", "normal").arrays[0].dtype == np.float16
