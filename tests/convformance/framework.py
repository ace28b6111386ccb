"""A framework of its own: it checks some arguments, breaks on others, and says so in as many lines as it likes."""

from typing import Any

from convformance.reference.operations import apply
from convformance.reference.problem import Problem


def conv(x: Any, w: Any, problem: Problem) -> Any:
    """Return a convolution where it likes the numbers."""
    if problem.groups > 1:
        where = "Exception from src/core/model.cpp:99:\nCheck 'groups == 1' failed at src/core/conv.cpp:12:\n"
        raise RuntimeError(
            f"{where}While validating node 'Conv_7' with name 'c':\ngroups must be 1, got {problem.groups}"
        )
    if max(problem.dilation) > 1:
        raise ValueError(f"Unsupported dilation {problem.dilation} [see conv(x)], expected 1")
    if problem.stride[0] == 2:
        raise RuntimeError(f"Internal error: stride {problem.stride} must be 1, please report this")
    return apply("conv", problem, x, w)
