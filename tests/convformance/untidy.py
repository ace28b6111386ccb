"""An adapter as somebody begins it: some errors are its framework's rules, some its own mistakes; given by path."""

from typing import Any

import numpy as np

from convformance.adapters.contract import Array, route
from convformance.adapters.written import Texts
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from tests.convformance import framework


class Untidy(Texts):
    """Hands everything on, and looks at nothing."""

    name = "untidy"
    setup = ("from tests.convformance import framework",)

    @route("conv", "unbiased", bias="after")
    def unbiased(self, problem: Problem, x: Array, w: Array) -> Any:
        return framework.conv(x, w, problem)

    @route("conv", "own name")
    def own_name(self, problem: Problem, x: Array, w: Array) -> Any:
        return apply("conv", problem, x, w) if max(problem.stride) == 1 else undefined  # type: ignore[name-defined] # noqa: F821

    @route("conv", "own call")
    def own_call(self, problem: Problem, x: Array, w: Array) -> Any:
        return apply("conv", problem, x, w) if max(problem.stride) == 1 else framework.conv(x, w, problem, padding=0)  # type: ignore[call-arg]

    @route("conv", "own text")
    def own_text(self, problem: Problem, x: Array, w: Array) -> Any:
        return (
            apply("conv", problem, x, w)
            if max(problem.stride) == 1
            else self.value("y = x\nframework.convolve(y)", x=x)
        )

    @route("conv", "written in C")
    def written_in_c(self, problem: Problem, x: Array, w: Array) -> Any:
        return apply("conv", problem, x, w) if max(problem.stride) == 1 else np.frombuffer(b"123", "float32")
