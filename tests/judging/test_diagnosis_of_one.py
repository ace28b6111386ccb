"""The diagnosis of one wrong answer: each name stands first for a mistake made by hand, and for no right answer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.judging import matching
from convformance.judging.bounds import Operands
from convformance.judging.hypotheses import HYPOTHESES
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.rule import judge
from convformance.reference import operations
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from tests.judging import handmade
from tests.judging.asked import InstantAnswer, case_of, examine
from tests.judging.handmade import (
    BASIC,
    BIASED,
    CROPPED,
    GROUPED,
    PADDED,
    STRIDED,
    Array,
    Mistake,
    judgement_of,
    of_operands,
    of_result,
)
from tests.judging.mistakes import FORWARD, unbiased
from tests.judging.test_diagnosis_of_gradients import GRADIENTS
from tests.judging.test_diagnosis_of_groups import NAMES as NAMES_OF_GROUPS
from tests.judging.test_diagnosis_of_numbers import NUMBERS
from tests.judging.test_following import FOLLOWED
from tests.judging.test_ranges import NAMED


@pytest.mark.parametrize("name", FORWARD)
def test_a_mistake_made_by_hand_is_named_first(name: str) -> None:
    sizes, mistake = FORWARD[name]
    judgement = judgement_of(sizes, mistake)
    assert judgement.grade == "wrong", judgement.message
    assert judgement.diagnosis[0].name == name, judgement.diagnosis


PROCESS = {"operand-changed", "not-deterministic", "wrong-dtype", "nan-swallowed", "nan-spread"}
PROCESS |= {"earlier-result", "wrong-after-first-call", "raises"}
PRECISION = {"low-precision-inputs", "low-precision-accumulation", "low-precision-result"}
ROUNDING = {"bias-after-rounding", "result-not-to-nearest", "result-rounded-twice"}  # in test_result_rounding


def test_every_name_is_seen_in_first_place() -> None:
    gradients = (name for name, *_ in GRADIENTS.values())
    others = (*FORWARD, *FOLLOWED, *NUMBERS, *NAMES_OF_GROUPS, *PROCESS, *PRECISION, *ROUNDING)
    tested = {*others, *gradients, *NAMED.values()}
    assert tested == {match.name for match in HYPOTHESES}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda y: y.sum(1, keepdims=True) + 0 * y, "sum over the channels, in each place"),
        (lambda y: y.sum(1, keepdims=True), "sum over the channels, once"),
        (lambda y: y.sum(1), "sum over the channels, once"),
        (lambda y: y.mean(1, keepdims=True) + 0 * y, "mean over the channels, in each place"),
        (lambda y: y.sum(0, keepdims=True) + 0 * y, "sum over the batch, in each place"),
        (lambda y: y.mean(0, keepdims=True), "mean over the batch, once"),
    ],
)
def test_results_that_are_added_up_are_told_with_their_axis(change: Callable[[Array], Array], detail: str) -> None:
    match = judgement_of(BASIC, of_result(change)).diagnosis[0]
    assert match == Match("results-summed", detail)


def test_the_bias_of_results_that_are_added_up_is_added_afterwards() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        y = handmade.right(problem, unbiased(operands))
        return y.sum(1, keepdims=True) + operands.bias.astype(np.float64)[:, None, None]

    assert judgement_of(BIASED, mistake).diagnosis[0].name == "results-summed"


@pytest.mark.parametrize(
    ("axes", "detail"),
    [
        ((3,), "along a row"),
        ((2, 3), "over the positions"),
        ((1, 2, 3), "over channels and positions"),
        ((0, 1, 2, 3), "over everything"),
        ((1,), "over the channels"),
        ((2, 3, 1), "over positions and channels"),
        ((0, 2, 3, 1), "over everything, channels last"),
    ],
)
def test_a_sum_that_goes_on_is_told_with_the_order_of_the_loops(axes: tuple[int, ...], detail: str) -> None:
    def running(y: Array) -> Array:
        total, result = 0.0, np.empty_like(y)
        outer = [axis for axis in range(4) if axis not in axes]
        for start in np.ndindex(*(y.shape[axis] for axis in outer)):
            total = 0.0
            for inner in np.ndindex(*(y.shape[axis] for axis in axes)):
                place = dict(zip((*outer, *axes), (*start, *inner), strict=True))
                total += y[place[0], place[1], place[2], place[3]]
                result[place[0], place[1], place[2], place[3]] = total
        return result

    assert judgement_of(BASIC, of_result(running)).diagnosis[0] == Match("sum-not-reset", detail)


@pytest.mark.parametrize(
    ("before", "turned", "detail"),
    [
        (lambda extent: 0, False, "from the corner on"),
        (lambda extent: extent - 1, True, "up to the corner, the kernel turned"),
        (lambda extent: extent - 1, False, "up to the corner"),
    ],
)
def test_a_circular_result_is_told_with_its_place(before: Callable[[int], int], turned: bool, detail: str) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        w = w[:, :, ::-1, ::-1] if turned else w
        pairs = [(before(size), size - 1 - before(size)) for size in w.shape[2:]]
        return handmade.forward(np.pad(x, ((0, 0), (0, 0), *pairs), mode="wrap"), w)

    assert judgement_of(BASIC, mistake).diagnosis[0] == Match("circular", detail)


@pytest.mark.parametrize(
    ("turned", "middle", "exchanged"),
    [(False, True, False), (True, True, False), (False, False, True), (True, False, True), (True, True, True)],
)
def test_a_circular_result_that_lies_elsewhere_is_told_with_what_moves_it(
    turned: bool, middle: bool, exchanged: bool
) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        wide, sizes = np.zeros((*w.shape[:2], *x.shape[2:])), zip(x.shape[2:], w.shape[2:], strict=True)
        wide[:, :, : w.shape[2], : w.shape[3]] = w
        wide = np.roll(wide, [(side - taps) // 2 if middle else 0 for side, taps in sizes], (2, 3))
        kernels = np.fft.fft2(wide) if turned else np.fft.fft2(wide).conj()
        y = np.fft.ifft2(np.einsum("nchw,ochw->nohw", np.fft.fft2(x), kernels)).real
        return np.fft.fftshift(y, (2, 3)) if exchanged else y

    first = judgement_of({**BASIC, "input_size": (11, 9)}, mistake).diagnosis[0]
    assert first.name == "circular"
    assert ("the kernel in the middle of the data" in first.detail, "halves exchanged" in first.detail) == (
        middle,
        exchanged,
    )


@pytest.mark.parametrize("turned", [False, True], ids=["from the corner", "up to the corner"])
@pytest.mark.parametrize("zeros", [False, True], ids=["of the data's size", "with zeros"])
@pytest.mark.parametrize("sizes", [{}, {"padding": ((1, 1), (0, 2))}], ids=["valid", "padded"])
def test_a_transform_that_is_inverted_without_its_length_is_named(
    turned: bool, zeros: bool, sizes: dict[str, Any]
) -> None:
    """Where the last axis of what is transformed has an odd size; else nothing is wrong."""
    kernel = (3, 2)
    padding = sizes.get("padding", ((0, 0), (0, 0)))

    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        x = np.pad(x, ((0, 0), (0, 0), *padding))
        shape = [side + (taps - 1) * zeros for side, taps in zip(x.shape[2:], kernel, strict=True)]
        filters = np.fft.rfft2(w[:, :, ::-1, ::-1] if turned else w, shape)
        product = np.einsum("nchw,ochw->nohw", np.fft.rfft2(x, shape), filters if turned else filters.conj())
        first = [(taps - 1) * turned for taps in kernel]
        y = np.fft.irfft2(product)
        return y[:, :, first[0] :, first[1] :][:, :, : problem.output_size[0], : problem.output_size[1]]

    for width in (8, 9):
        odd = (width + sum(padding[1]) + (kernel[1] - 1) * zeros) % 2 == 1
        judgement = judgement_of({**BASIC, **sizes, "kernel_size": kernel, "input_size": (8, width)}, mistake)
        names = [match.name for match in judgement.diagnosis]
        assert (names[:1] == ["transform-length-not-said"]) == odd, (names, width)


@pytest.mark.parametrize(("side", "detail"), [(0, "all of it at the start"), (1, "all of it at the end")])
def test_a_result_as_large_as_the_data_that_is_padded_on_one_side_is_told_with_it(side: int, detail: str) -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        pairs = tuple((0, size - 1)[:: 1 - 2 * (side == 0)] for size in problem.kernel_size)
        return handmade.with_geometry(problem, operands, padding=pairs)

    assert Match("same-for-valid", detail) in judgement_of(BASIC, mistake).diagnosis


def test_what_a_transform_rounds_hides_no_mistake() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        size = [a + b - 1 for a, b in zip(x.shape[2:], w.shape[2:], strict=True)]
        full = np.fft.ifft2(np.einsum("nchw,ochw->nohw", np.fft.fft2(x, size), np.fft.fft2(w, size))).real
        return full[:, :, w.shape[2] - 1 : x.shape[2], w.shape[3] - 1 : x.shape[3]]

    judgement = judgement_of(BASIC, mistake, dtype="float64")
    assert judgement.diagnosis[0] == Match("kernel-rotated")


def test_a_shift_is_told_with_its_vector() -> None:
    match = judgement_of(BASIC, of_result(lambda y: np.roll(y, (1, -1), (2, 3)))).diagnosis[0]
    assert match == Match("shifted", "by (1, -1), the other end coming in")


def test_a_range_is_told_with_its_ends() -> None:
    match = judgement_of(BASIC, of_result(lambda y: np.clip(y, 0, 6))).diagnosis[0]
    assert match == Match("clipped", "to [0, 6]")


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_mistakes_are_named_in_every_dtype(dtype: str) -> None:
    for name in ("kernel-rotated", "stride-ignored", "padding-ignored", "groups-ignored", "scaled", "sign-flipped"):
        sizes, mistake = FORWARD[name]
        assert judgement_of(sizes, mistake, dtype=dtype).diagnosis[0].name == name


@pytest.mark.parametrize(
    ("names", "sizes", "mistake"),
    [
        (
            "kernel-rotated+padding-ignored",
            PADDED,
            of_operands(lambda x, w: (x, w[:, :, ::-1, ::-1]), padding=((0, 0), (0, 0))),
        ),
        ("kernel-rotated+scaled", BASIC, of_operands(lambda x, w: (x, 4 * w[:, :, ::-1, ::-1]))),
        (
            "groups-ignored+stride-ignored",
            {**GROUPED, "stride": (2, 3)},
            of_operands(lambda x, w: (x[:, :2], w), groups=1, stride=(1, 1)),
        ),
    ],
)
def test_two_mistakes_together_are_named_where_none_alone_explains(
    names: str, sizes: dict[str, Any], mistake: Mistake
) -> None:
    assert judgement_of(sizes, mistake).diagnosis[0].name == names


def test_a_result_cropped_to_the_wanted_size_is_explained_all_the_same() -> None:
    def mistake(problem: Problem, operands: Operands) -> Array:
        cropped = handmade.with_geometry(problem, operands, stride=(1, 1))
        return cropped[(..., *(slice(size) for size in problem.output_size))]

    assert judgement_of(STRIDED, mistake).diagnosis[0].name == "stride-ignored"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_right_answer_has_no_diagnosis(operation: str) -> None:
    case = case_of(**{**CROPPED, "groups": 1})
    judgement = judge(
        examine(case, operation, "float32"),
        lambda operands: InstantAnswer(operations.apply(operation, case.problem, *operands.arrays)),
    )
    assert judgement.grade == "conformant"
    assert judgement.diagnosis == ()


def test_without_an_explanation_the_judgement_is_the_same_but_for_the_names() -> None:
    case = case_of(**BASIC)
    examination = examine(case, "conv", "float32")

    def negative(operands: Operands) -> InstantAnswer:
        return InstantAnswer(-operations.apply("conv", case.problem, *operands.arrays))

    explained = judge(examination, negative)
    assert explained.diagnosis
    assert judge(examination, negative, explain=False) == replace(explained, diagnosis=())


def test_beyond_its_budget_only_what_needs_no_new_computation_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_BUDGET", 0)
    monkeypatch.setattr(matching, "_BUDGET_OF_PAIRS", 0)
    assert judgement_of(*FORWARD["sign-flipped"]).diagnosis[0].name == "sign-flipped"
    assert judgement_of(*FORWARD["kernel-rotated"]).diagnosis == ()


def test_an_answer_that_changes_from_call_to_call_is_not_deterministic() -> None:
    calls = []

    def mistake(problem: Problem, operands: Operands) -> Array:
        calls.append(1)
        y = handmade.right(problem, operands)
        y[0, 0, 0, 0] += len(calls)
        return y

    assert judgement_of(BASIC, mistake).diagnosis[0].name == "not-deterministic"


def test_an_operand_that_is_changed_is_named() -> None:
    case = case_of(**BASIC)
    judgement = judge(
        examine(case, "conv", "float32"),
        lambda operands: InstantAnswer(operations.apply("conv", case.problem, *operands.arrays), changed=(1,)),
    )
    assert judgement.diagnosis == (Match("operand-changed", "w"),)


def test_a_result_of_another_dtype_is_named() -> None:
    case = case_of(**BASIC)
    examination = examine(case, "conv", "float32")
    judgement = judge(examination, lambda operands: InstantAnswer(handmade.right(case.problem, operands)))
    assert judgement.diagnosis == (Match("wrong-dtype", "float64 for float32"),)


def test_a_nan_that_is_lost_and_one_that_spreads_are_told_apart() -> None:
    special = {**BASIC, "special": "nan-data"}
    swallowing = of_operands(lambda x, w: (np.nan_to_num(x), w))
    spread = of_result(lambda y: np.full_like(y, np.nan) if np.isnan(y).any() else y)
    assert judgement_of(special, swallowing).diagnosis[0].name == "nan-swallowed"
    assert judgement_of(special, spread).diagnosis[0].name == "nan-spread"


def _rounded(dtype: Any) -> Callable[[Array], Array]:
    """Return the rounding to ``dtype``; what is beyond its range is infinite."""

    def rounding(array: Array) -> Array:
        with np.errstate(over="ignore"):
            return array.astype(np.float32).astype(dtype).astype(np.float64)

    return rounding


def _summed_in_float16(problem: Problem, operands: Operands) -> Array:
    """Return the convolution with every product added to a float16, channel by channel and tap by tap."""
    x, w = operands.arrays
    y = np.zeros(problem.output_shape, np.float16)
    for channel, row, column in np.ndindex(w.shape[1:]):
        part = x[:, channel, row:, column:][:, : y.shape[2], : y.shape[3]]
        with np.errstate(over="ignore", invalid="ignore"):
            y = (y + part[:, None] * w[:, channel, row, column][:, None, None]).astype(np.float16)
    return y


def test_narrow_arithmetic_is_told_by_what_is_narrow() -> None:
    deep = {**BASIC, "in_channels": 24}
    brain, half = _rounded(ml_dtypes.bfloat16), _rounded(np.float16)
    assert (
        judgement_of(deep, of_operands(lambda x, w: (brain(x), brain(w)))).diagnosis[0].name == "low-precision-inputs"
    )
    assert judgement_of(deep, of_result(half)).diagnosis[0].name == "low-precision-result"
    assert judgement_of(deep, _summed_in_float16).diagnosis[0].name == "low-precision-accumulation"
