"""Adapters that are wrong, or behave badly, on purpose; given to the command line by path."""

import os
import time
from dataclasses import replace
from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter, Array, KnownDivergence, Refusal, route
from convformance.reference.operations import apply
from convformance.reference.problem import Problem


class Right(Adapter):
    """The reference under another name, its results rounded where the reference's are."""

    name = "right"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        return apply("conv", problem, x, w, bias=bias)


class FlippedKernel(Adapter):
    """A true convolution where a correlation is meant."""

    name = "flipped"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        rotated = np.flip(w, axis=tuple(range(2, w.ndim)))
        return apply("conv", problem, x, np.ascontiguousarray(rotated))


class NoBatchSum(Adapter):
    """A filter gradient of the last image alone."""

    name = "no-batch-sum"

    @route("conv_filter_grad")
    def last_image(self, problem: Problem, x: Array, dy: Array) -> Any:
        single = replace(problem, batch=min(problem.batch, 1))
        return apply("conv_filter_grad", single, x[-1:], dy[-1:])


class SameOnTheWrongSide(Adapter):
    """SAME padding with its odd element at the start."""

    name = "same-lower"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if problem.symbol == "same_upper":
            problem = replace(problem, padding=tuple((hi, lo) for lo, hi in problem.padding))
        return apply("conv", problem, x, w)


class Crashing(Adapter):
    """Dies on dilation, without a word, as native code does."""

    name = "crashing"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if any(entry > 1 for entry in problem.dilation):
            os._exit(139)
        return apply("conv", problem, x, w)


class Hanging(Adapter):
    """Never comes back on dilation."""

    name = "hanging"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        while any(entry > 1 for entry in problem.dilation):
            time.sleep(0.05)
        return apply("conv", problem, x, w)


class Raising(Adapter):
    """Raises on dilation and refuses groups, with a word that must not break the report."""

    name = "raising"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if any(entry > 1 for entry in problem.dilation):
            raise KeyError("<script>alert('dilation')</script>")
        if problem.groups > 1:
            raise Refusal("no groups here")
        return apply("conv", problem, x, w)


class Slow(Right):
    """Right, at a pace that leaves time to kill the run."""

    name = "slow"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        time.sleep(0.02)
        return apply("conv", problem, x, w, bias=bias)


class Known(FlippedKernel):
    """Flipped, and known to be."""

    name = "known"
    known_divergences = (
        KnownDivergence(
            "flipped-kernel", "The kernel is rotated.", "every case", grades=("wrong",), operations=("conv",)
        ),
    )


class Stale(Right):
    """Right, although listed as divergent."""

    name = "stale"
    known_divergences = (
        KnownDivergence("mended", "It was wrong once.", "every case", grades=("wrong",), operations=("conv",)),
    )
