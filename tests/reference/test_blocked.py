"""The contraction in blocks against the loops of the definition, exactly, with blocks of every size."""

import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convformance.reference import Problem, definition
from convformance.reference.arrays import Array
from convformance.reference.fast import blocked, contractions, im2col
from convformance.reference.fast.blocks import MEASURED, Blocking
from convformance.reference.fast.phases import merge, planes_shape, split
from convformance.reference.fast.products import TILE, inner_products, multiply
from tests.reference.generated import PROPERTY, generated_problems, integers, problems, seeds

CONTRACTIONS = ("forward", "input_gradient", "filter_gradient")
# Blocks of a row or two, of some rows, of everything.
BLOCKINGS = (Blocking(size=1, positions=1), Blocking(size=700, positions=5), MEASURED)
PROBLEMS = [problem for problem in generated_problems(160, seed=71) if problem.multiplications]


def operands_of(contraction: str, problem: Problem, seed: int) -> tuple[Array, Array]:
    """Return the two operands of a contraction, integers."""
    x, w, dy = (
        integers(shape, seed + n)
        for n, shape in enumerate((problem.input_shape, problem.filter_shape, problem.output_shape))
    )
    return {"forward": (x, w), "input_gradient": (dy, w), "filter_gradient": (x, dy)}[contraction]


def assert_blocks_agree_with_loops(
    problem: Problem, seed: int, blockings: tuple[Blocking, ...], dtypes: tuple[Any, ...]
) -> None:
    """Assert that every contraction in blocks equals the definition's plain loops, on integers and so exactly."""
    for name in CONTRACTIONS:
        operands = operands_of(name, problem, seed)
        expected = getattr(definition, name)(problem, *operands)
        for dtype in dtypes:
            for blocking in blockings:
                result = getattr(blocked, name)(problem, *(array.astype(dtype) for array in operands), blocking)
                np.testing.assert_array_equal(result, expected.astype(dtype), strict=True)


@pytest.mark.parametrize("index", range(len(PROBLEMS)))
def test_blocks_and_loops_agree_on_integers(index: int) -> None:
    assert_blocks_agree_with_loops(PROBLEMS[index], index, BLOCKINGS, (np.float64, np.int64))


@PROPERTY
@given(problem=problems(), seed=seeds, size=st.integers(1, 3000), positions=st.integers(1, 40))
def test_blocks_of_any_size_agree_with_the_plain_products(
    problem: Problem, seed: int, size: int, positions: int
) -> None:
    if problem.multiplications:
        for name in CONTRACTIONS:
            operands = operands_of(name, problem, seed % 1000)
            result = getattr(blocked, name)(problem, *operands, Blocking(size, positions))
            np.testing.assert_array_equal(result, getattr(im2col, name)(problem, *operands), strict=True)


def test_blocks_agree_with_fractions_on_wide_operands() -> None:
    geometry: dict[str, Any] = {"stride": (1, 2), "padding": ((1, 0), (0, 2))}
    problem = Problem.of(input_size=(4, 5), kernel_size=(2, 3), in_channels=2, out_channels=3, **geometry)
    for name in CONTRACTIONS:
        operands = [array * 2.0**-7 for array in operands_of(name, problem, seed=5)]
        fractions = (np.vectorize(Fraction, otypes=[object])(array) for array in operands)
        expected = getattr(definition, name)(problem, *fractions)
        result = getattr(blocked, name)(problem, *operands, BLOCKINGS[1])
        np.testing.assert_array_equal(result, expected.astype(np.float64))


def sized(input_size: tuple[int, ...], kernel_size: Any, inputs: int, outputs: int, **geometry: Any) -> Problem:
    """Return the problem of these sizes, spatial ones first."""
    return Problem.of(
        input_size=input_size, kernel_size=kernel_size, in_channels=inputs, out_channels=outputs, **geometry
    )


# Large enough to be done in blocks by choice; each takes another way through them.
LARGE = {
    "products of each tap": sized((27, 33), (3, 2), 19, 18, padding=((1, 0), (0, 2))),
    "all taps in one product": sized((37, 33), (5, 4), 3, 24, batch=2),
    "phases added up": sized((49, 61), 3, 12, 36, stride=(2, 3), dilation=(1, 2)),
    "phases added up together": sized((91, 81), (7, 5), 3, 24, stride=(4, 2), padding=(2, 1)),
    "phases one by one": sized((29, 31), 3, 34, 40, stride=(2, 1), dilation=(1, 2), padding=((1, 0), (0, 2))),
    "channels side by side": sized((9, 8), (3, 2), 98, 60, stride=(1, 2), padding=1),
    "groups with channels side by side": sized((8, 7), 3, 140, 66, groups=2, padding=1),
    "few inputs": sized((40, 41), 3, 3, 16, padding=1, batch=2),
    "a kernel of one": sized((29, 31), 1, 40, 33),
    "depthwise": sized((81, 79), (3, 2), 40, 40, groups=40, batch=2),
    "depthwise with two outputs": sized((81, 89), 3, 40, 80, groups=40, stride=2),
    "one output": sized((71, 69), 3, 30, 1),
    "one position": sized((6, 5), (6, 5), 140, 260),
    "small groups": sized((40, 32), 3, 32, 32, groups=8, padding=1),
    "one axis": sized((6000,), 9, 4, 6, dilation=2),
    "three axes": sized((13, 12, 11), (3, 2, 3), 8, 10, stride=(1, 2, 1), padding=1),
}


@pytest.mark.parametrize("way", LARGE)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int16])
def test_large_problems_are_done_in_blocks_and_agree_with_the_plain_products(way: str, dtype: Any) -> None:
    assert LARGE[way].multiplications >= contractions.SMALL
    for name in CONTRACTIONS:
        operands = [array.astype(dtype) for array in operands_of(name, LARGE[way], seed=2)]
        wide = (array.astype(np.int64) for array in operands)
        expected = getattr(im2col, name)(LARGE[way], *wide).astype(dtype)
        np.testing.assert_array_equal(getattr(contractions, name)(LARGE[way], *operands), expected, strict=True)


@pytest.mark.parametrize("way", LARGE)
def test_operands_in_any_layout_are_read_and_neither_changed_nor_aliased(way: str) -> None:
    for name in CONTRACTIONS:
        operands = operands_of(name, LARGE[way], seed=3)
        laid = [
            np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)[::-1].copy("K")[::-1]
            for array in operands
        ]
        for array in laid:
            array.setflags(write=False)
        result = getattr(contractions, name)(LARGE[way], *laid)
        np.testing.assert_array_equal(result, getattr(contractions, name)(LARGE[way], *operands))
        assert not any(np.shares_memory(result, array) for array in laid)


@pytest.mark.parametrize("way", LARGE)
def test_one_nan_reaches_only_what_it_is_multiplied_into(way: str) -> None:
    problem = LARGE[way]
    for name in CONTRACTIONS:
        first, second = (array.astype(float) for array in operands_of(name, problem, seed=4))
        element = tuple(size // 3 for size in first.shape)
        reach = np.zeros_like(first)
        reach[element] = 1
        first[element] = np.nan
        touched = getattr(im2col, name)(problem, reach, np.ones_like(second)) != 0
        np.testing.assert_array_equal(np.isnan(getattr(contractions, name)(problem, first, second)), touched)


@PROPERTY
@given(problem=problems(), seed=seeds)
def test_merging_what_was_split_gives_the_image_back_without_what_is_cropped(problem: Problem, seed: int) -> None:
    image = integers((2, *problem.input_size), seed % 1000)
    planes = split(image, problem.padding, problem.stride)
    assert planes.shape == planes_shape(2, problem.input_size, problem.padding, problem.stride)
    back = np.full_like(image, 7)
    merge(planes, problem.padding, problem.stride, back)
    kept = np.zeros(problem.input_size, bool)
    kept[
        tuple(
            slice(max(0, -lo), size - max(0, -hi))
            for size, (lo, hi) in zip(problem.input_size, problem.padding, strict=True)
        )
    ] = True
    np.testing.assert_array_equal(back, np.where(kept, image, 0))


@PROPERTY
@given(rows=st.integers(1, 20), length=st.integers(1, 400), columns=st.integers(1, 40), seed=st.integers(0, 999))
def test_products_of_every_shape_are_matrix_products(rows: int, length: int, columns: int, seed: int) -> None:
    a, b = integers((2, rows, length), seed), integers((2, length, columns), seed + 1)
    out = np.empty((2, rows, columns), a.dtype)
    assert multiply(a, b, out) is out
    np.testing.assert_array_equal(out, a @ b)
    np.testing.assert_array_equal(inner_products(a, b.swapaxes(1, 2), np.empty_like(out)), a @ b)
    padded = np.concatenate([b, np.zeros((2, length, -columns % TILE), b.dtype)], axis=2)
    np.testing.assert_array_equal(multiply(a, padded, np.empty_like(out)), a @ b)


def test_buffers_do_not_grow_with_the_batch() -> None:
    peaks = [_peak_beside_the_result(batch) for batch in (2, 8)]
    assert peaks[1] < 1.01 * peaks[0]


def _peak_beside_the_result(batch: int) -> int:
    problem = Problem.of(input_size=(40, 44), kernel_size=3, batch=batch, in_channels=16, out_channels=16, padding=1)
    x, w = np.ones(problem.input_shape), np.ones(problem.filter_shape)
    tracemalloc.start()
    result = contractions.forward(problem, x, w)
    peak = tracemalloc.get_traced_memory()[1] - result.nbytes
    tracemalloc.stop()
    return peak
