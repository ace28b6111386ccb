"""The bias and its gradient: missing, twice, along the wrong axis, not summed."""

from math import prod

import numpy as np

from convformance.reference.operation import WITH_BIAS
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import Family, answer, biases, data, divided, issue, right, strided, when

_member = Family("bias")
_GRADIENT = ("conv_bias_grad",)


def _twice(bias: Array, problem: Problem) -> Array:
    return bias + bias


def _no_bias(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return right(operation, problem, arrays, None)


def _subtracted(bias: Array, problem: Problem) -> Array:
    return -bias


def _first_for_all(bias: Array, problem: Problem) -> Array:
    return np.full_like(bias, bias[0]) if len(bias) else bias


def _reversed(bias: Array, problem: Problem) -> Array:
    return bias[::-1]


def _first_group_for_all(bias: Array, problem: Problem) -> Array:
    return np.resize(bias[: len(bias) // problem.groups], len(bias))


def _shared_out(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    summed = problem.in_channels if operation == "conv" else problem.out_channels
    part = None if bias is None else bias / (summed // problem.groups)
    y = right(operation, problem, tuple(array.astype(np.float64) for array in arrays), part)
    return round_once(y, arrays[0].dtype)


def _where_taps_write(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    ones = tuple(np.ones(array.shape) for array in arrays)
    return np.where(
        right(operation, problem, ones, None) > 0,
        right(operation, problem, arrays, bias),
        right(operation, problem, arrays, None),
    )


def _added_after(operation: str, problem: Problem, arrays: Arrays, bias: Array | None, shape: tuple[int, ...]) -> Array:
    """Return the result without a bias, plus as much of the bias as ``shape`` holds, repeated where it is too short."""
    y = right(operation, problem, arrays, None)
    if bias is None or not len(bias):
        return y
    result: Array = y + np.resize(bias, prod(shape)).reshape(shape)
    return result


def _along_columns(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return _added_after(operation, problem, arrays, bias, problem.result_shape(operation)[-1:])


def _to_first_image(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    y = right(operation, problem, arrays, None)
    y[:1] = right(operation, problem, arrays, bias)[:1]
    return y


def _by_image(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return _added_after(operation, problem, arrays, bias, (problem.batch, *(1,) * (problem.rank + 1)))


def _by_output_channel_of_filter(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The bias repeated for the values of each channel by the number of the element in memory."""
    return _added_after(operation, problem, arrays, bias, problem.result_shape(operation))


def _rounded_before(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Keep only 8 digits of the bias."""
    kept = None if bias is None else bias.astype(np.float16).astype(bias.dtype)
    return right(operation, problem, arrays, kept)


def _first_image(dy: Array, problem: Problem) -> Array:
    kept = dy.copy()
    kept[1:] = 0
    return kept


def _first_row(dy: Array, problem: Problem) -> Array:
    kept = np.zeros_like(dy)
    kept[:, :, :1] = dy[:, :, :1]
    return kept


def _last_column_missing(dy: Array, problem: Problem) -> Array:
    kept = dy.copy()
    kept[..., -1:] = 0
    return kept


def _over_first_axes(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum over all axes but the last, which is where a channels-last array has its channels."""
    dy = arrays[0].astype(np.float64)
    return round_once(dy.sum(axis=tuple(range(dy.ndim - 1))), arrays[0].dtype)


def _channels_added(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    db = right(operation, problem, arrays, None)
    return np.full_like(db, db.astype(np.float64).sum())


def _last_image(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return tap_loops.apply(operation, problem, (arrays[0][-1:],))


MEMBERS = (
    _member("bias-missing", "Does not add the bias.", WITH_BIAS, _no_bias, "bias-missing"),
    _member("bias-twice", "Adds the bias twice.", WITH_BIAS, biases(_twice), "bias-twice"),
    _member("bias-subtracted", "Subtracts the bias.", WITH_BIAS, biases(_subtracted), "bias-repeated"),
    _member(
        "bias-of-first-channel",
        "Adds the first channel's bias to every channel.",
        WITH_BIAS,
        biases(_first_for_all),
        "bias-misread",
    ),
    _member("bias-reversed", "Adds the biases in reverse order.", WITH_BIAS, biases(_reversed), "bias-misread"),
    _member(
        "bias-of-first-group",
        "Adds the biases of the first group to every group.",
        WITH_BIAS,
        biases(_first_group_for_all),
        "bias-misread",
    ),
    _member(
        "bias-shared-out",
        "Divides the bias by the number of input channels of a group, as each of their sums adds a part.",
        WITH_BIAS,
        _shared_out,
        "bias-repeated",
    ),
    _member(
        "bias-not-between-taps",
        "Adds no bias to the elements of a transposed convolution that no tap writes.",
        ("conv_transpose",),
        _where_taps_write,
        "bias-missing",
    ),
    _member(
        "bias-along-columns",
        "Adds the bias along the columns, as numbers of one axis align with the last.",
        WITH_BIAS,
        _along_columns,
        "bias-on-wrong-axis",
    ),
    _member("bias-by-image", "Adds one bias to each image.", WITH_BIAS, _by_image, "bias-on-wrong-axis"),
    _member(
        "bias-to-first-image", "Adds the bias to the first image only.", WITH_BIAS, _to_first_image, "bias-missing"
    ),
    _member(
        "bias-in-order-of-memory",
        "Adds the biases in turns to the elements as they lie in memory.",
        WITH_BIAS,
        _by_output_channel_of_filter,
        "bias-on-wrong-axis",
    ),
    _member(
        "bias-missing-when-strided",
        "Does not add the bias when there is a stride.",
        WITH_BIAS,
        when(strided, _no_bias),
        "bias-missing",
    ),
    _member("bias-rounded", "Rounds the bias to float16.", WITH_BIAS, _rounded_before, "low-precision-inputs"),
    _member(
        "bias-gradient-of-first-image",
        "Sums the bias gradient over the first image only.",
        _GRADIENT,
        data(_first_image),
        "batch-not-summed",
    ),
    _member(
        "bias-gradient-of-last-image",
        "Overwrites the bias gradient of each image with that of the next.",
        _GRADIENT,
        _last_image,
        "batch-not-summed",
    ),
    _member(
        "bias-gradient-of-first-row", "Sums the bias gradient over the first row only.", _GRADIENT, data(_first_row)
    ),
    _member(
        "bias-gradient-without-last-column",
        "Leaves the last column out of the bias gradient.",
        _GRADIENT,
        data(_last_column_missing),
        "last-rows-missing",
    ),
    _member(
        "bias-gradient-mean-over-batch",
        "Divides the bias gradient by the number of images.",
        _GRADIENT,
        answer(divided(lambda p: p.batch)),
        "scaled",
    ),
    _member(
        "bias-gradient-mean-over-positions",
        "Divides the bias gradient by the number of positions.",
        _GRADIENT,
        answer(divided(lambda p: prod(p.output_size))),
        "scaled",
    ),
    _member(
        "bias-gradient-over-first-axes",
        "Sums the bias gradient over all axes but the last, which are not those of a channels-first array.",
        _GRADIENT,
        _over_first_axes,
        "bias-gradient-wrong-axes",
        issue("tracel-ai/burn#248"),
    ),
    _member(
        "bias-gradient-over-channels",
        "Sums the bias gradient over the channels as well.",
        _GRADIENT,
        _channels_added,
        "bias-gradient-wrong-axes",
        issue("wkcn/mobula#1"),
    ),
)
