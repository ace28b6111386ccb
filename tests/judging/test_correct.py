"""Correct implementations are conformant, in whatever order they sum: no false alarm."""

from collections.abc import Iterator

import numpy as np
import pytest

from convformance.reference import operations
from convformance.test_cases.case import DTYPES, UNBIASED, Case
from tests.judging import summing
from tests.judging.asked import case_of, examine, judgement_of


def configurations(count: int) -> Iterator[tuple[str, Case]]:
    """Yield cases of every rank with strides, dilations, groups and unequal paddings, each with one operation."""
    generator = np.random.default_rng(2)
    for index in range(count):
        rank = 1 + index % 3

        def each(low: int, high: int, rank: int = rank) -> tuple[int, ...]:
            return tuple(int(entry) for entry in generator.integers(low, high, rank))

        kernel, dilation, groups = each(1, 4), each(1, 3), 1 + index % 5 % 3
        spare = each(0, 5 if rank < 3 else 2)
        yield (
            UNBIASED[index % len(UNBIASED)],
            case_of(
                input_size=tuple(d * (k - 1) + 1 + s for d, k, s in zip(dilation, kernel, spare, strict=True)),
                kernel_size=kernel,
                stride=each(1, 4),
                dilation=dilation,
                padding=tuple(zip(each(0, 3), each(0, 3), strict=True)),
                groups=groups,
                batch=1 + index % 2,
                in_channels=groups * int(generator.integers(1, 9)),
                out_channels=groups * int(generator.integers(1, 5)),
                bias=index % 7 == 3,
                operations=UNBIASED,
            ),
        )


CONFIGURATIONS = list(configurations(42))
ORDERS = summing.ORDERS


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("index", range(len(CONFIGURATIONS)))
def test_any_order_of_summation_is_conformant(index: int, dtype: str) -> None:
    operation, case = CONFIGURATIONS[index]
    terms = summing.products(operation, case.problem)
    examination = examine(case, operation, dtype)
    computing = np.float64 if dtype == "float64" else np.float32
    for order in (ORDERS[index % len(ORDERS)], ORDERS[(3 * index + 1) % len(ORDERS)]):
        judgement = judgement_of(
            examination, lambda operands, order=order: summing.summed(terms, operands, order, computing)
        )
        assert judgement.grade == "conformant", (order.__name__, judgement.message)
        assert judgement.exact
        assert judgement.error <= 1.0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
def test_long_sums_of_every_order_are_conformant_and_do_not_drift(order: summing.Sum, dtype: str) -> None:
    case = case_of(input_size=(6, 5), kernel_size=3, padding=1, in_channels=96, out_channels=3, batch=1)
    terms = summing.products("conv", case.problem)
    computing = np.float64 if dtype == "float64" else np.float32
    judgement = judgement_of(
        examine(case, "conv", dtype), lambda operands: summing.summed(terms, operands, order, computing)
    )
    assert (judgement.grade, judgement.message) == ("conformant", "")
    assert judgement.accumulator == computing.__name__


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bias_counts_as_one_more_product(dtype: str) -> None:
    case = case_of(bias=True)
    for operation in ("conv", "conv_transpose"):
        judgement = judgement_of(
            examine(case, operation, dtype),
            lambda operands, operation=operation: operations.apply(
                operation, case.problem, *operands.arrays, bias=operands.bias
            ),
        )
        assert (judgement.grade, judgement.message) == ("conformant", "")


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bias_gradient_is_judged_on_one_operand(dtype: str) -> None:
    case = case_of(batch=3, bias=True)
    judgement = judgement_of(
        examine(case, "conv_bias_grad", dtype),
        lambda operands: operations.apply("conv_bias_grad", case.problem, *operands.arrays),
    )
    assert judgement.grade == "conformant"
    assert list(judgement.fills) == ["int", "xwide", "normal", "positive"]


def test_a_wider_accumulator_is_told() -> None:
    case = case_of(in_channels=24)
    judgement = judgement_of(
        examine(case, "conv", "float32"),
        lambda operands: operations.apply(
            "conv", case.problem, *(array.astype(np.float64) for array in operands.arrays)
        ).astype(np.float32),
    )
    assert judgement.accumulator == "float64"


def test_a_single_product_needs_no_accumulator() -> None:
    case = case_of(input_size=(1, 1), kernel_size=1, in_channels=1, out_channels=1, batch=1)
    judgement = judgement_of(examine(case, "conv", "float32"), lambda operands: operands.arrays[0] * operands.arrays[1])
    assert (judgement.grade, judgement.accumulator) == ("conformant", "float64")


def test_the_weaker_accumulator_a_route_documents_is_conformant() -> None:
    case = case_of(in_channels=24)
    terms = summing.products("conv", case.problem)

    def in_half(operands: object) -> np.ndarray:
        return summing.summed(terms, operands, summing.narrow(summing.to_dtype(np.float16)), np.float32)

    judgement = judgement_of(examine(case, "conv", "float16", accumulator="float16"), in_half)
    assert (judgement.grade, judgement.accumulator) == ("conformant", "float16")
    assert judgement_of(examine(case, "conv", "float16"), in_half).grade == "low-precision"
