"""Each claim of the examples fails when what it is about is broken."""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from scipy.signal import convolve2d

from convformance import reference
from convformance.adapters.contract import Adapter, route
from convformance.adapters.discovery import create
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from examples import averaged_overlap as overlap
from examples import batches_and_colours as batches
from examples import how_much_error_is_normal as errors
from examples import many_ways_to_a_gradient as ways
from examples import scatter_and_flip as scatter
from examples import training_a_transposed_layer as training
from examples import what_wrong_looks_like as wrong
from examples.scene import scene

Function = Callable[..., Array]


class Broken(NamedTuple):
    """A claim, and what stands in the place of a name of its module when it must fail."""

    what: str
    module: ModuleType
    name: str
    instead: Any
    claim: Callable[[], object]


class Slipping(Adapter):
    """An adapter whose convolution rounds its input and whose input gradient does not rotate the kernel."""

    name = "slipping"

    @route("conv", "rounded")
    def rounded(self, problem: Problem, x: Array, w: Array) -> Array:
        return apply("conv", problem, x.astype(ml_dtypes.bfloat16).astype(x.dtype), w)

    @route("conv_input_grad", "unrotated")
    def unrotated(self, problem: Problem, dy: Array, w: Array) -> Array:
        return apply("conv_input_grad", problem, dy, turned(w))


class Shifting(Adapter):
    """An adapter whose convolution is one column off."""

    name = "shifting"

    @route("conv", "shifted")
    def shifted(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.roll(apply("conv", problem, x, w), 1, axis=-1)


def turned(w: Array) -> Array:
    """Return a filter ``(O, C, *kernel)`` rotated by 180 degrees."""
    return np.flip(w, axis=(2, 3))


def of_turned(function: Function) -> Function:
    """Return ``function`` of its first operand and the turned second one."""
    return lambda x, w, **keywords: function(x, turned(w), **keywords)


def turned_gradient(*operands: Array, **geometry: Any) -> Array:
    return turned(reference.conv_transpose_filter_grad(*operands, **geometry))


def doubled_gradient(dy: Array) -> Array:
    return 2 * reference.conv_bias_grad(dy)


def padded_at_one_end(x: Array, w: Array, **_: Any) -> Array:
    return reference.conv(x, w, padding=((2, 0), (1, 1)))


def without_bias(x: Array, w: Array, bias: Array, **geometry: Any) -> Array:
    return reference.conv(x, w, **geometry)


def of_one_image(dy: Array, w: Array, **geometry: Any) -> Array:
    kept = np.array([1.0, 0.0])
    return reference.conv_input_grad(dy * kept.reshape(2, 1, 1, 1), w, **geometry)


def scipy_turned(x: Array, w: Array, mode: str) -> Array:
    return np.asarray(convolve2d(x, np.flip(w), mode=mode))


@cache
def errors_of_scipy() -> list[errors.Measured]:
    return errors.check_that_errors_stay_within_the_bound([create("scipy")], (1, 10_000))


def no_tolerance_fits() -> None:
    errors.check_that_no_tolerance_fits(errors_of_scipy())


def ways_agree() -> None:
    ways.check_that_the_ways_agree([])


SCATTERING = scatter.check_that_scattering_is_a_flipped_convolution
DIFFERENCES = scatter.check_that_differences_are_the_gradient_of_ones
CONVOLVED_DX = batches.check_that_dx_is_a_convolution
PREDICTING = training.check_that_gradients_predict
AVERAGING = overlap.check_that_it_equals_the_loops

BROKEN = (
    Broken("the forward turns the kernel", scatter, "conv", of_turned(reference.conv), SCATTERING),
    Broken("the gradient turns it too", scatter, "conv_input_grad", of_turned(reference.conv_input_grad), SCATTERING),
    Broken("the padding is on one side", scatter, "conv", padded_at_one_end, DIFFERENCES),
    Broken("SciPy turns the kernel", ways, "convolve2d", scipy_turned, ways_agree),
    Broken("the filter is not mirrored", batches, "turned", lambda filters: filters.swapaxes(2, 3), CONVOLVED_DX),
    Broken(
        "dy is padded off centre",
        batches,
        "padded",
        lambda dy, _: np.pad(dy, ((0, 0), (1, 1), (1, 3), (0, 0))),
        CONVOLVED_DX,
    ),
    Broken("an image is left out", batches, "conv_input_grad", of_one_image, CONVOLVED_DX),
    Broken("dw is rotated", training, "conv_transpose_filter_grad", turned_gradient, PREDICTING),
    Broken("db is doubled", training, "conv_bias_grad", doubled_gradient, PREDICTING),
    Broken(
        "training rotates dw",
        training,
        "conv_transpose_filter_grad",
        turned_gradient,
        training.check_that_training_works,
    ),
    Broken("training rotates nothing", training, "rotated", np.asarray, training.check_that_training_works),
    Broken("overlaps are not counted", overlap, "overlap", lambda *_: np.ones(()), AVERAGING),
    Broken("the transpose turns the kernel", overlap, "conv_transpose", of_turned(reference.conv_transpose), AVERAGING),
    Broken("the bias is dropped", overlap, "conv", without_bias, overlap.check_that_the_forward_refuses_or_floors),
    Broken("the tolerance is wider", errors, "TOLERANCE", 1e-2, no_tolerance_fits),
    Broken("the tolerance is narrower", errors, "TOLERANCE", 1e-7, no_tolerance_fits),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what.replace(" ", "-"))
def test_a_claim_fails_when_its_subject_is_broken(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.claim()
    monkeypatch.setattr(broken.module, broken.name, broken.instead)
    with pytest.raises(AssertionError):
        broken.claim()


def test_a_gradient_that_slips_is_found_out() -> None:
    with pytest.raises(AssertionError, match="dx by slipping: unrotated"):
        ways.check_that_the_ways_agree([Slipping()])


def test_inputs_rounded_to_bfloat16_are_found_out() -> None:
    with pytest.raises(AssertionError, match="slipping, float64, 30 products: wrong"):
        errors.check_that_errors_stay_within_the_bound([Slipping()], (3,))


def test_edges_one_column_off_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "frameworks", lambda: [Shifting()])
    with pytest.raises(AssertionError, match="the edges by shifting"):
        batches.check_that_everyone_finds_the_same_edges(scene(24, 28)[None].astype(np.float32))


def test_a_torch_layer_that_differs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="this claim compares with torch")
    training.check_that_it_equals_torch()
    monkeypatch.setattr(training, "conv_transpose", of_turned(reference.conv_transpose))
    with pytest.raises(AssertionError, match=r"y by torch\.nn\.ConvTranspose2d"):
        training.check_that_it_equals_torch()


@pytest.mark.parametrize("mistake", wrong.mistakes(), ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_a_mistake_that_is_none_is_found_out(mistake: wrong.Mistake) -> None:
    harmless = mistake._replace(wrong=lambda *operands: apply(mistake.operation, mistake.problem, *operands))
    wrong.check_that_the_judge_tells(mistake)
    with pytest.raises(AssertionError, match="called conformant"):
        wrong.check_that_the_judge_tells(harmless)
