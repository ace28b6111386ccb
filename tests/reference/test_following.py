"""What follows a convolution: by hand, and by the formula of a batch normalisation on numbers that are exact."""

from math import sqrt

import ml_dtypes
import numpy as np
import pytest

from convformance.reference import Problem, conv, operations
from convformance.reference.following import EPSILON, FOLLOWING, follow, headroom, statistics


def _problem(then: str) -> Problem:
    return Problem.of(input_size=(5, 4), kernel_size=(2, 3), in_channels=2, out_channels=3, then=then)


@pytest.mark.parametrize("then", FOLLOWING)
def test_it_follows_the_convolution_and_its_bias(then: str) -> None:
    rng = np.random.default_rng(3)
    x, w, bias = rng.normal(size=(1, 2, 5, 4)), rng.normal(size=(3, 2, 2, 3)), rng.normal(size=3)
    want = conv(x, w, bias=bias)
    if then != "relu":
        numbers = statistics(3)
        for channel in range(3):
            deviation = sqrt(numbers.variance[channel] + EPSILON)
            normal = (want[:, channel] - numbers.mean[channel]) / deviation
            want[:, channel] = normal * numbers.scale[channel] + numbers.shift[channel]
    if then != "batch_norm":
        want = np.where(want > 0, want, 0.0)
    np.testing.assert_allclose(operations.apply("conv", _problem(then), x, w, bias=bias), want, rtol=1e-14)


def test_a_rectifier_hands_a_nan_on_and_takes_a_negative_infinity() -> None:
    z = np.array([[[np.nan, -np.inf, np.inf, -1.0, 2.0]]])
    np.testing.assert_array_equal(follow("relu", z), [[[np.nan, 0.0, np.inf, 0.0, 2.0]]])


def test_the_statistics_are_exact_in_every_type_and_differ_by_channel() -> None:
    numbers = statistics(40)
    for array in (numbers.scale, numbers.shift, numbers.mean, numbers.variance, numbers.variance + EPSILON):
        for dtype in (np.float16, ml_dtypes.bfloat16):
            np.testing.assert_array_equal(array.astype(dtype).astype(np.float64), array)
    sets = {tuple(column) for column in np.array([numbers.scale, numbers.shift, numbers.mean, numbers.variance]).T}
    assert len(sets) == 40
    assert abs(numbers.factor).max() <= 1
    assert (1 / np.sqrt(numbers.variance + EPSILON)).max() <= headroom("batch_norm")
    assert numbers.factor.min() < 0 < numbers.factor.max()
    assert (numbers.variance > 0).all()
    # Neither a deviation for a variance nor a forgotten epsilon is nearly right.
    assert abs(numbers.factor / (numbers.scale / numbers.variance) - 1).min() > 0.5
    assert abs(numbers.factor / (numbers.scale / np.sqrt(numbers.variance)) - 1).max() > 0.25


def test_what_cannot_follow_is_refused() -> None:
    problem = _problem("relu")
    with pytest.raises(ValueError, match="after conv, conv_transpose"):
        operations.apply("conv_filter_grad", problem, np.ones((1, 2, 5, 4)), np.ones((1, 3, 4, 2)))
    with pytest.raises(TypeError, match="floating types"):
        operations.apply("conv", _problem("batch_norm"), np.ones((1, 2, 5, 4), int), np.ones((3, 2, 2, 3), int))
    with pytest.raises(TypeError, match="then='relu' of complex128; allowed: floating types"):
        operations.apply("conv", problem, np.ones((1, 2, 5, 4), complex), np.ones((3, 2, 2, 3), complex))
    with pytest.raises(ValueError, match="then='gelu' is unknown; allowed: relu"):
        _problem("gelu")


def test_a_rectifier_follows_integers() -> None:
    x, w = np.array([[[1, -2, 3]]]), np.array([[[1]]])
    problem = Problem.of(input_size=(3,), kernel_size=1, then="relu")
    assert operations.apply("conv", problem, x, w).tolist() == [[[1, 0, 3]]]
    assert problem.beyond == {"then"}
    assert problem.linear == Problem.of(input_size=(3,), kernel_size=1)
