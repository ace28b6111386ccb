"""A checker for adapters: some forty problems, and what a route answers to each, compared with the reference.

The data are small integers, so that every order of summation and every accumulator of at least 8 bits gives the same
bits. It asks whether an adapter speaks its framework's language rightly (axes, strides, paddings, groups), not how
precise the framework is.
"""

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Answer, MissingFramework, Refusal, Request, Route, UsageError
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS
from convformance.reference.operations import apply
from convformance.reference.problem import BORDER, THEN, Problem

DTYPES = {
    "float64": np.dtype(np.float64),
    "float32": np.dtype(np.float32),
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
# Sums stay below 2^8, the integers a bfloat16 accumulator holds: 16-bit types get -1, 0 and 1 only.
_LARGEST = {"float64": 5, "float32": 5, "float16": 1, "bfloat16": 1}


def _problem(input_size: tuple[int, ...], kernel_size: int | tuple[int, ...], **changes: Any) -> Problem:
    numbers = {"batch": 2, "in_channels": 4, "out_channels": 6, **changes}
    return Problem.of(input_size=input_size, kernel_size=kernel_size, **numbers)


def created(spec: str) -> Adapter:
    """Return the adapter, or skip the test where its framework is not installed, or runs in this process otherwise."""
    try:
        return discovery.create(spec)
    except MissingFramework as error:
        pytest.skip(str(error))
    except UsageError as error:
        if "comes too late" not in str(error):
            raise
        pytest.skip(str(error))


# Each problem changes one thing or couples two; sizes, kernels, strides and pads differ by axis so that no swap passes.
PROBLEMS: dict[str, Problem] = {
    # rank 1
    "line": _problem((9,), 3),
    "line-stride-dilation": _problem((11,), 3, stride=2, padding=((1, 2),), dilation=2),
    "line-same-upper-stride": _problem((10,), 4, stride=3, padding="same_upper"),
    "line-same-upper": _problem((10,), 4, padding="same_upper"),
    "line-same-lower": _problem((10,), 4, padding="same_lower"),
    "line-groups": _problem((8,), 3, groups=2, padding=1),
    "line-crop": _problem((9,), 3, padding=((-1, -2),)),
    "line-full": _problem((6,), 3, padding="full"),
    # rank 2: the plain ones
    "plain": _problem((7, 6), (3, 2)),
    "one-by-one": _problem((5, 4), 1),
    "one-by-one-stride": _problem((5, 6), 1, stride=(2, 3)),
    "stride": _problem((9, 8), (3, 2), stride=(2, 3)),
    "stride-above-kernel": _problem((11, 9), (2, 1), stride=(4, 3)),
    "rows-unread": _problem((10, 9), (3, 2), stride=(4, 3)),
    "dilation": _problem((9, 8), (3, 2), dilation=(2, 3)),
    "dilation-stride": _problem((11, 12), (3, 2), dilation=(2, 3), stride=(3, 2)),
    "groups": _problem((6, 7), (3, 2), groups=2),
    "depthwise-multiplier": _problem((6, 7), (2, 3), in_channels=3, out_channels=6, groups=3),
    "groups-stride-dilation": _problem((9, 10), (3, 2), groups=2, stride=(2, 1), dilation=(1, 2), padding=(1, 2)),
    "equal-channels": _problem((5, 6), (3, 2), in_channels=5, out_channels=5),
    "single": _problem((1, 1), 1, batch=1, in_channels=1, out_channels=1),
    "blocked-channels": _problem((5, 6), (3, 2), in_channels=16, out_channels=24),
    "one-image": _problem((5, 6), (2, 3), batch=1),
    # rank 2: explicit paddings
    "symmetric": _problem((6, 5), (3, 2), padding=(1, 2)),
    "asymmetric": _problem((6, 5), (3, 2), padding=((1, 2), (0, 3))),
    "asymmetric-stride": _problem((6, 7), (3, 2), stride=(2, 3), padding=((2, 1), (0, 3))),
    "over-wide": _problem((4, 3), (2, 2), padding=((3, 4), (5, 2))),
    "over-wide-stride": _problem((4, 3), (2, 2), padding=((3, 3), (4, 4)), stride=(2, 3)),
    "crop": _problem((8, 9), (3, 2), padding=((-1, 0), (-2, -1))),
    "crop-both": _problem((8, 9), (3, 2), padding=((-1, -1), (-2, -2)), stride=(2, 1)),
    "crop-and-pad": _problem((8, 9), (3, 2), padding=((-1, 2), (3, -2)), stride=(2, 3), dilation=(2, 1)),
    "kernel-above-input": _problem((2, 3), (4, 5), padding=((1, 2), (2, 1))),
    # rank 2: symbols
    "valid": _problem((7, 6), (3, 2), padding="valid", stride=(2, 1)),
    "same-upper": _problem((7, 6), (3, 2), padding="same_upper"),
    "same-upper-dilation": _problem((7, 6), (3, 2), padding="same_upper", dilation=(2, 3)),
    "same-upper-stride": _problem((7, 8), (4, 3), padding="same_upper", stride=(3, 2)),
    "same-lower": _problem((7, 6), (2, 4), padding="same_lower"),
    "same-lower-stride": _problem((7, 8), (4, 3), padding="same_lower", stride=(3, 2)),
    "same-upper-stride-above-kernel": _problem((7, 8), (1, 2), padding="same_upper", stride=(3, 4)),
    "full": _problem((4, 5), (3, 2), padding="full", dilation=(1, 2)),
    # rank 3
    "volume": _problem((5, 4, 6), (3, 2, 1)),
    "volume-stride": _problem((6, 5, 7), (3, 2, 2), stride=(2, 1, 3), padding=(1, 0, 2)),
    "volume-groups": _problem((5, 4, 6), (2, 3, 2), groups=2, dilation=(2, 1, 3), padding=((1, 0), (2, 1), (0, 3))),
    "volume-same-upper": _problem((5, 4, 6), (2, 3, 4), padding="same_upper"),
}


# Nothing to read or nothing to give: what frameworks refuse, and sometimes crash on.
EMPTY: dict[str, Problem] = {
    "empty-batch": _problem((5, 6), (3, 2), batch=0, padding=1),
    "empty-batch-stride": _problem((5, 6), (3, 2), batch=0, stride=(2, 3)),
    "empty-output": _problem((2, 6), (3, 2)),
    "empty-output-line": _problem((2,), 3),
}


# What makes an ordinary problem one that a route for borders, or for what follows, is asked.
_BEYOND: tuple[dict[str, Any], ...] = ({"border": "edge"}, {"border": "reflect"}, {"then": "batch_norm_relu"})


def is_ordinary(route: Route) -> bool:
    """Whether a route is asked ordinary convolutions."""
    return not {BORDER, THEN} & set(route.offers)


def as_offered(route: Route, problem: Problem, dtype: str = "float32") -> Problem:
    """Return the problem with what the route is for, or as it is where no such problem is in its domain."""
    for changes in () if is_ordinary(route) else _BEYOND:
        try:
            candidate = replace(problem, symbol=None, **changes)
        except ValueError:
            continue
        if route.domain.holds(Request(candidate, dtype)):
            return candidate
    return problem


def operands(operation: str, problem: Problem, dtype: str, memory: str = "contiguous") -> tuple[Array, ...]:
    """Return what ``operation`` reads: small integers in ``dtype``, lying as ``memory`` says (see ``Case.memory``)."""
    random = np.random.default_rng(sum(problem.input_shape) + 7 * sum(problem.filter_shape))
    largest = _LARGEST[dtype]
    arrays = (
        random.integers(-largest, largest, size=shape, endpoint=True) for shape in problem.operand_shapes(operation)
    )
    return tuple(lay(array.astype(DTYPES[dtype]), memory) for array in arrays)


def lay(array: Array, memory: str) -> Array:
    """Return ``array`` with other strides: ``contiguous``, ``sliced`` or ``permuted``."""
    if memory == "sliced":
        larger = np.full(tuple(2 * size for size in array.shape), 77, array.dtype)
        view = larger[(slice(None, None, 2),) * array.ndim]
        view[...] = array
        return view
    if memory == "permuted":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    return array


def bias_of(operation: str, problem: Problem, dtype: str) -> Array:
    """Return a bias, other for every channel of the result."""
    (channels,) = problem.operation_bias_shape(operation)
    return (np.arange(channels) - 2).astype(DTYPES[dtype])


def compare(route: Route, answer: Answer, want: Array) -> str:
    """Return ``exact``, or in words what is wrong. A fast algorithm is exact when its nearest integers are."""
    got = answer.value
    if (got.shape, got.dtype) != (want.shape, want.dtype):
        return f"wrong: {got.dtype} of shape {got.shape} in place of {want.dtype} of shape {want.shape}"
    if answer.changed:
        return f"wrong: operands {answer.changed} were changed"
    values = got.astype(np.float64)
    if route.grade != "conformant":
        values = np.rint(values)
    differing = np.argwhere(values != want.astype(np.float64))
    if len(differing):
        index = tuple(map(int, differing[0]))
        return f"wrong: {len(differing)} of {want.size} elements, at {index} {got[index]} in place of {want[index]}"
    return "exact"


def outcome(
    adapter: Adapter,
    route: Route,
    problem: Problem,
    dtype: str = "float32",
    memory: str = "contiguous",
    with_bias: bool = False,
) -> str:
    """Ask ``route`` a question; return ``exact``, ``wrong: ...`` or ``refused: ...``; other exceptions pass through."""
    arrays = operands(route.operation, problem, dtype, memory)
    bias = bias_of(route.operation, problem, dtype) if with_bias and route.operation in WITH_BIAS else None
    want = apply(route.operation, problem, *arrays, bias=bias)
    try:
        answer = adapter.answer(route, problem, arrays, bias)
    except Refusal as refusal:
        return f"refused: {refusal}"
    return compare(route, answer, want)


def outcomes(
    adapter: Adapter,
    route: Route,
    dtype: str = "float32",
    memory: str = "contiguous",
    with_bias: bool = False,
    problems: dict[str, Problem] | None = None,
) -> dict[str, str]:
    """Ask ``route`` every problem; return those that are not answered exactly, with what happened.

    The expected value of a faithful route is thus ``{}``, or the refusals of its framework by name of the problem.
    """
    asked = PROBLEMS if problems is None else problems
    results = {name: outcome(adapter, route, problem, dtype, memory, with_bias) for name, problem in asked.items()}
    return {name: result for name, result in results.items() if result != "exact"}
