"""SciPy beyond an ordinary convolution: ``ndimage.correlate`` has borders of its own."""

from typing import Any

import numpy as np

from convformance.adapters.beyond import repeated
from convformance.adapters.contract import Adapter, Domain, Request, route
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, Problem

# Its mirror is the reflection of others, its reflect their symmetric.
_MODES = {"edge": "nearest", "reflect": "mirror", "symmetric": "reflect", "wrap": "wrap"}
_WIDE_TYPES = Domain("float64 and float32", lambda request: request.dtype in ("float64", "float32"))


def _is_centred(request: Request) -> bool:
    problem = request.problem
    axes = zip(_first_centres(problem), problem.output_size, problem.stride, problem.input_size, strict=True)
    return all(first >= 0 and first + (o - 1) * s < size for first, o, s, size in axes)


def _first_centres(problem: Problem) -> Size:
    """Return where in the data the middle of the first window lies."""
    return tuple(e // 2 - lo for e, (lo, _) in zip(problem.effective_kernel, problem.padding, strict=True))


_CENTRED = repeated(_MODES) & _WIDE_TYPES & Domain("windows whose middle lies in the data", _is_centred)


class ScipyBeyond(Adapter):
    """The routes of SciPy that offer a border; a part of the adapter for SciPy."""

    ndimage: Any

    @route("conv", "ndimage.correlate", script="{ndimage}", domain=_CENTRED, offers=(BORDER,))
    def correlate_with_border(self, problem: Problem, x: Array, w: Array) -> Array:
        """Each plane with its border, in float64, which is what it computes in; the channels are added."""
        taps = np.zeros((*w.shape[:2], *problem.effective_kernel))
        gaps = tuple(slice(None, None, step) for step in problem.dilation)
        taps[(slice(None), slice(None), *gaps)] = w
        inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
        y = np.zeros(problem.output_shape)
        for n, o, c in np.ndindex(problem.batch, problem.out_channels, inputs):
            plane = x[n, o // outputs * inputs + c].astype(np.float64)
            y[n, o] += self.ndimage.correlate(plane, taps[o, c], mode=_MODES[problem.border])[_windows(problem)]
        return y.astype(x.dtype)


def _windows(problem: Problem) -> tuple[slice, ...]:
    """Return the index of the results that are wanted, among one for each element of the data."""
    axes = zip(_first_centres(problem), problem.output_size, problem.stride, strict=True)
    return tuple(slice(first, first + (o - 1) * s + 1, s) for first, o, s in axes)


def ndimage_text(problem: Problem) -> str:
    """Return the lines of a correlation with a border."""
    steps = ", ".join(["...", *(f"::{step}" for step in problem.dilation)])
    windows = ", ".join(f"{each.start}:{each.stop}:{each.step}" for each in _windows(problem))
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    mode = _MODES.get(problem.border, "constant")
    return f"""\
taps = np.zeros({(*problem.filter_shape[:2], *problem.effective_kernel)})
taps[{steps}] = w
result = np.zeros({problem.output_shape})
for n, o, c in np.ndindex({problem.batch}, {problem.out_channels}, {inputs}):
    plane = x[n, o // {outputs} * {inputs} + c].astype(float)
    result[n, o] += ndimage.correlate(plane, taps[o, c], mode={mode!r})[{windows}]
result.astype(x.dtype)"""
