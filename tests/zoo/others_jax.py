"""The cases of JAX, of ``jax._src.internal_test_util``: the harnesses that its converters and exporters are tested by.

What is expected is what JAX answers itself; the comparison is the looser of two that JAX has, by which it checks
gradients: tolerances by dtype, times the number of elements. The other one rejects right answers to most of them.
Harnesses of complex numbers, of another type for the result, and of arguments that are none of the seven operations
(strides with dilated operands, groups of the batch) have nothing that a member could be asked.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import lax
from jax._src import public_test_util
from jax._src.internal_test_util.test_harnesses import all_harnesses

from convformance.test_cases.case import DTYPES
from tests.zoo.member import Array, Run
from tests.zoo.others import Call, Sample
from tests.zoo.others_geometry import forward, transposed

_SYMBOLS = {"SAME": "same_upper", "SAME_LOWER": "same_lower", "VALID": "valid"}


def jax_harnesses() -> Iterator[Sample]:
    """Yield the harnesses of the primitive that all of JAX's convolutions come to."""
    with jax.enable_x64(True):
        for harness in all_harnesses:
            if harness.group_name == "conv_general_dilated":
                yield from _sample(harness)


def _sample(harness: Any) -> Iterator[Sample]:
    """Yield the sample of a harness, if it is one of the seven operations on a dtype that members have."""
    lhs, rhs = (np.asarray(array) for array in harness.dyn_args_maker(_numbers()))
    arguments = harness.params
    if lhs.dtype.name not in DTYPES or not _is_an_operation(arguments):
        return
    result = np.asarray(harness.dyn_fun(lhs, rhs))
    if result.dtype != lhs.dtype:
        return
    numbers = lax.conv_dimension_numbers(lhs.shape, rhs.shape, arguments["dimension_numbers"])
    want = result.transpose(numbers.out_spec)
    call = _call(lhs.transpose(numbers.lhs_spec), rhs.transpose(numbers.rhs_spec), want, arguments)
    yield Sample(harness.fullname, (call.operation,), call.problem.multiplications, partial(_check, call, want))


def _numbers() -> np.random.RandomState:
    return np.random.RandomState(0)


def _is_an_operation(arguments: dict[str, Any]) -> bool:
    strided, dilated = (max(arguments[name]) > 1 for name in ("window_strides", "lhs_dilation"))
    return arguments["batch_group_count"] == 1 and not (strided and dilated)


def _call(x: Array, w: Array, want: Array, arguments: dict[str, Any]) -> Call:
    """Return the call: a transposed convolution where the operand is dilated, whose filter JAX has rotated."""
    shared = {"dilation": arguments["rhs_dilation"], "groups": arguments["feature_group_count"]}
    padding, stride = arguments["padding"], arguments["lhs_dilation"]
    if max(stride) == 1:
        symbol = _SYMBOLS[padding] if isinstance(padding, str) else padding
        return forward(x, w, None, stride=arguments["window_strides"], padding=symbol, **shared)
    extents = [dilation * (size - 1) + 1 for dilation, size in zip(shared["dilation"], w.shape[2:], strict=True)]
    if isinstance(padding, str):
        inserted = [step * (size - 1) + 1 for step, size in zip(stride, x.shape[2:], strict=True)]
        padding = lax.padtype_to_pads(inserted, extents, arguments["window_strides"], padding)
    begins = [extent - 1 - lo for extent, (lo, _) in zip(extents, padding, strict=True)]
    rotated = _rotated(w, shared["groups"])
    return transposed(x, rotated, None, result_size=want.shape[2:], begins=begins, stride=stride, **shared)


def _rotated(w: Array, groups: int) -> Array:
    """Return the filter rotated, with its channels of each group exchanged."""
    parts = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(1, 2)
    exchanged = parts.reshape(groups * w.shape[1], w.shape[0] // groups, *w.shape[2:])
    return np.ascontiguousarray(np.flip(exchanged, axis=tuple(range(2, w.ndim))))


def _check(call: Call, want: Array, run: Run) -> None:
    answer = call.answer(run)
    public_test_util._check_dtypes_match(answer, want)
    public_test_util.check_close(answer, want)
