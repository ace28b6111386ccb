"""Adapters over NumPy that are wrong in one way each, some of them with templates for scripts; given by path."""

import os
import time
from typing import Any, ClassVar

import numpy as np

from convformance.adapters.contract import Adapter, Array, Refusal, route
from convformance.reference.problem import Problem

_PRODUCT = "np.einsum('n...c,ijco->n...o', {0}, w)"


class Pointwise(Adapter):
    """Convolutions of one pixel, channels last, as a person writes them with NumPy, each with a mistake."""

    name = "pointwise"
    distribution = "numpy"
    activations = "N*C"
    filters = "*IO"

    @route("conv", "reversed", script=_PRODUCT.format("x[..., ::-1]"))
    def reversed_channels(self, problem: Problem, x: Array, w: Array) -> Any:
        return self._product(problem, x[..., ::-1], w)

    @route("conv", "next", script=f"np.nextafter({_PRODUCT.format('x')}, np.inf, dtype=x.dtype)")
    def next_number(self, problem: Problem, x: Array, w: Array) -> Any:
        return np.nextafter(self._product(problem, x, w), np.inf, dtype=x.dtype)

    @route("conv", "raising", script=_PRODUCT.format("x[0, 0, 0]"))
    def raising(self, problem: Problem, x: Array, w: Array) -> Any:
        return self._product(problem, x[0, 0, 0], w)

    @route("conv", "dying", script="import os\nos._exit(3)")
    def dying(self, problem: Problem, x: Array, w: Array) -> Any:
        os._exit(3)

    @route("conv", "hanging", script="import time\ntime.sleep(60)")
    def hanging(self, problem: Problem, x: Array, w: Array) -> Any:
        time.sleep(60)

    def _product(self, problem: Problem, x: Array, w: Array) -> Any:
        if problem.padded_size != problem.output_size or problem.groups > 1:
            raise Refusal("one pixel at a time, in one group")
        return np.einsum("n...c,ijco->n...o", x, w)


_GROUPS = "np.einsum('ngix,gio->ngox', x.reshape(1, 2, 2, 2), w[..., 0]).reshape(1, 6, 2)"
_GRADIENT = "np.einsum('ngix,ngox->gio', x.reshape(1, 2, 2, 2), dy.reshape(1, 2, 3, 2)).reshape(4, 3, 1)"


class Grouped(Adapter):
    """Two groups of one pixel, the filter with an axis for them or divided by them, everything doubled."""

    name = "grouped"
    distribution = "numpy"

    @route("conv", "doubled", filters="GIO*", script=f"2 * {_GROUPS}")
    def doubled(self, problem: Problem, x: Array, w: Array) -> Any:
        return 2 * eval(_GROUPS, {"np": np, "x": x, "w": w})

    @route("conv_filter_grad", "doubled", filters="(GI)O*", script=f"2 * {_GRADIENT}")
    def doubled_gradient(self, problem: Problem, x: Array, dy: Array) -> Any:
        return 2 * eval(_GRADIENT, {"np": np, "x": x, "dy": dy})


class Hostile(Adapter):
    """No answer to be compared, or none of the right form; no templates."""

    name = "hostile"
    options: ClassVar[dict[str, tuple[str, ...]]] = {"mood": ("bad", "worse")}

    @route("conv", "raises")
    def raises(self, problem: Problem, x: Array, w: Array) -> Array:
        raise KeyError("stride")

    @route("conv", "shape")
    def shape(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape[:-1], x.dtype)

    @route("conv", "dtype")
    def dtype(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, np.float64)

    @route("conv", "changes")
    def changes(self, problem: Problem, x: Array, w: Array) -> Array:
        x[...] += 1
        return np.zeros(problem.output_shape, x.dtype)

    @route("conv", "zeros")
    def zeros(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, x.dtype)
