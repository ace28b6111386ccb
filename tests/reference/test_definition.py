"""The definition against numbers worked out by hand, and the matrix products against the definition."""

import numpy as np
import pytest

from convformance.reference import Problem, definition
from convformance.reference.arrays import Array
from convformance.reference.fast import contractions
from tests.reference.generated import generated_problems, integers

PROBLEMS = generated_problems(360, seed=20)


def test_one_axis_by_hand_with_stride_and_padding_on_one_side() -> None:
    x, w = np.array([[[1, 2, 3, 4, 5]]]), np.array([[[1, 10, 100]]])
    unstrided = Problem.of(input_size=(5,), kernel_size=3)
    assert definition.forward(unstrided, x, w).tolist() == [[[321, 432, 543]]]
    strided = Problem.of(input_size=(5,), kernel_size=3, stride=2, padding=((1, 0),))
    assert definition.forward(strided, x, w).tolist() == [[[210, 432]]]


def test_one_axis_by_hand_with_dilation_and_a_crop() -> None:
    x, w = np.array([[[1, 2, 3, 4, 5]]]), np.array([[[1, 10]]])
    problem = Problem.of(input_size=(5,), kernel_size=2, dilation=2, padding=((-1, 1),))
    assert definition.forward(problem, x, w).tolist() == [[[42, 53, 4]]]


def test_two_axes_by_hand_so_that_neither_is_flipped_nor_exchanged() -> None:
    x, w = np.array([[[[1, 2, 3], [4, 5, 6]]]]), np.array([[[[1, 10], [100, 1000]]]])
    problem = Problem.of(input_size=(2, 3), kernel_size=2)
    assert definition.forward(problem, x, w).tolist() == [[[[5421, 6532]]]]


def test_channels_and_groups_by_hand() -> None:
    x = np.array([[[1, 2], [3, 4], [5, 6], [7, 8]]])
    w = np.array([[[1], [10]], [[100], [1000]]])
    problem = Problem.of(input_size=(2,), kernel_size=1, in_channels=4, out_channels=2, groups=2)
    assert definition.forward(problem, x, w).tolist() == [[[31, 42], [7500, 8600]]]


def test_the_gradients_by_hand() -> None:
    x, w, dy = np.array([[[1, 2, 3, 4, 5]]]), np.array([[[1, 10, 100]]]), np.array([[[1, 2]]])
    problem = Problem.of(input_size=(5,), kernel_size=3, stride=2, padding=((1, 0),))
    assert definition.input_gradient(problem, dy, w).tolist() == [[[10, 100 + 2, 20, 200, 0]]]
    assert definition.filter_gradient(problem, x, dy).tolist() == [[[0 + 2 * 2, 1 + 2 * 3, 2 + 2 * 4]]]


def test_the_generated_geometries_cover_what_they_are_for() -> None:
    assert {problem.rank for problem in PROBLEMS} == {1, 2, 3}
    assert {problem.groups for problem in PROBLEMS} == {1, 2, 3}
    covered = {
        "no image": sum(problem.batch == 0 for problem in PROBLEMS),
        "no output": sum(0 in problem.output_size for problem in PROBLEMS),
        "a crop": sum(any(min(pair) < 0 for pair in problem.padding) for problem in PROBLEMS),
        "uneven padding": sum(any(lo != hi for lo, hi in problem.padding) for problem in PROBLEMS),
        "stride above kernel": sum(any(map(int.__gt__, problem.stride, problem.kernel_size)) for problem in PROBLEMS),
        "unread rows": sum(any(more > 0 for more in problem.output_padding) for problem in PROBLEMS),
        "results": sum(0 not in problem.output_shape for problem in PROBLEMS),
    }
    assert min(covered.values()) >= 5, covered
    assert covered["results"] >= 250


@pytest.mark.parametrize("index", range(len(PROBLEMS)))
def test_loops_and_matrix_products_agree_on_integers(index: int) -> None:
    problem = PROBLEMS[index]
    x, w, dy = (
        integers(shape, index + 7) for shape in (problem.input_shape, problem.filter_shape, problem.output_shape)
    )
    for name, operands in {"forward": (x, w), "input_gradient": (dy, w), "filter_gradient": (x, dy)}.items():
        expected: Array = getattr(definition, name)(problem, *operands)
        for dtype in (np.int64, np.float64):
            converted = (array.astype(dtype) for array in operands)
            np.testing.assert_array_equal(
                getattr(contractions, name)(problem, *converted), expected, strict=dtype == np.int64
            )
