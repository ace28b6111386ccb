"""Groups: ignored, mixed up, only some of them."""

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import (
    Family,
    answer,
    both,
    data,
    depthwise,
    dilated,
    filters,
    grouped,
    issue,
    large,
    last_row_zero,
    misread,
    operand,
    raising,
    strided,
    when,
)

_member = Family("groups")


def _group_of_filter(w: Array, problem: Problem) -> Array:
    """The filters of the first group for every group."""
    return np.concatenate([w[: problem.out_channels // problem.groups]] * problem.groups)


def _first_group_of_data(x: Array, problem: Problem) -> Array:
    """The channels of the first group for every group."""
    return np.concatenate([x[:, : problem.in_channels // problem.groups]] * problem.groups, axis=1)


def _dense(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Every filter is repeated over the channels of all groups."""
    x, w = arrays
    return misread(groups=lambda p: 1)(operation, problem, (x, np.concatenate([w] * problem.groups, axis=1)), bias)


def _interleaved(array: Array, problem: Problem, axis: int) -> Array:
    """The channels of one group lie ``groups`` apart."""
    channels = array.shape[axis]
    return array.take(np.arange(channels).reshape(channels // problem.groups, problem.groups).T.ravel(), axis=axis)


def _dealt_out(array: Array, problem: Problem, axis: int = 1) -> Array:
    """Channels computed group after group, written ``groups`` apart."""
    channels = array.shape[axis]
    return array.take(np.arange(channels).reshape(problem.groups, channels // problem.groups).T.ravel(), axis=axis)


def _next_group(dw: Array, problem: Problem) -> Array:
    return np.roll(dw, problem.out_channels // problem.groups, axis=0)


def _channels_reversed(dw: Array, problem: Problem) -> Array:
    return dw[:, ::-1]


def _summed_over_groups(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The gradient of the dense convolution, cut to the filter's shape."""
    return misread(groups=lambda p: 1)(operation, problem, arrays, bias)[:, : problem.in_channels // problem.groups]


def _later_groups_zero(y: Array, problem: Problem) -> Array:
    y[:, y.shape[1] // problem.groups :] = 0
    return y


def _last_group_zero(y: Array, problem: Problem) -> Array:
    y[:, y.shape[1] - y.shape[1] // problem.groups :] = 0
    return y


def _first_group_only(y: Array, problem: Problem) -> Array:
    return y[:, : y.shape[1] // problem.groups]


def _depthwise_of_eights(problem: Problem) -> bool:
    return depthwise(problem) and problem.in_channels % 8 == 0


def _with_multiplier(problem: Problem) -> bool:
    return depthwise(problem) and problem.out_channels > problem.in_channels


def _several_channels(problem: Problem) -> bool:
    return grouped(problem) and problem.in_channels > problem.groups


_UNSUPPORTED = ValueError("the depth of the input does not match that of the filter")


def _last_group_of_first(y: Array, problem: Problem) -> Array:
    """The last of three groups or more holds the result of the first."""
    size = y.shape[1] // problem.groups
    return np.concatenate([y[:, : y.shape[1] - size], y[:, :size]], axis=1)


def _last_gradient_of_first(dw: Array, problem: Problem) -> Array:
    size = dw.shape[0] // problem.groups
    return np.concatenate([dw[: dw.shape[0] - size], dw[:size]])


def _three_groups(problem: Problem) -> bool:
    return problem.groups > 2


MEMBERS = (
    _member(
        "last-group-holds-first",
        "Writes the result of the first group into the last of three groups or more.",
        (*FORWARD, *INPUT_GRADIENT),
        when(_three_groups, answer(_last_group_of_first)),
        "another-group",
    ),
    _member(
        "last-group-gradient-of-first",
        "Gives the filters of the last of three groups or more the gradient of the first.",
        FILTER_GRADIENT,
        when(_three_groups, answer(_last_gradient_of_first)),
        "another-group",
    ),
    _member(
        "groups-ignored",
        "Convolves the channels of the first group with every filter.",
        FORWARD,
        when(grouped, data(_first_group_of_data)),
        "groups-ignored",
    ),
    _member(
        "groups-ignored-filters-repeated",
        "Repeats each filter over the channels of all groups.",
        FORWARD,
        when(grouped, _dense),
        "groups-ignored",
    ),
    _member(
        "input-gradient-groups-ignored-when-strided",
        "Runs the dense kernel for the input gradient when there are groups and a stride.",
        INPUT_GRADIENT,
        when(both(grouped, strided), _dense),
        "groups-ignored",
        issue("ml-explore/mlx#3800"),
    ),
    _member(
        "filter-gradient-groups-ignored",
        "Computes the filter gradient of the dense convolution and keeps as many channels as the filter has.",
        FILTER_GRADIENT,
        when(grouped, _summed_over_groups),
        "groups-ignored",
    ),
    _member(
        "groups-ignored-when-dilated",
        "Convolves the channels of the first group with every filter when there is a dilation.",
        FORWARD,
        when(both(grouped, dilated), data(_first_group_of_data)),
        "groups-ignored",
    ),
    _member(
        "first-filters-for-all-groups",
        "Uses the filters of the first group for every group.",
        (*FORWARD, *INPUT_GRADIENT),
        when(grouped, filters(_group_of_filter)),
        "first-group-for-all",
    ),
    _member(
        "groups-interleaved",
        "Takes every channel whose number has the same remainder for a group.",
        FORWARD,
        when(grouped, large(lambda x, p: _interleaved(x, p, 1))),
        "groups-interleaved",
    ),
    _member(
        "groups-interleaved-in-result",
        "Writes the channels of the groups in turns.",
        FORWARD,
        when(grouped, answer(_dealt_out)),
        "groups-interleaved",
    ),
    _member(
        "filter-gradient-groups-interleaved",
        "Takes every channel whose number has the same remainder for a group in the filter gradient.",
        FILTER_GRADIENT,
        when(grouped, large(lambda x, p: _interleaved(x, p, 1))),
        "groups-interleaved",
    ),
    _member(
        "depthwise-multiplier-first",
        "Orders the results of a depthwise convolution by multiplier and then by channel.",
        FORWARD,
        when(_with_multiplier, answer(_dealt_out)),
        "groups-interleaved",
    ),
    _member(
        "filter-gradient-of-next-group",
        "Writes each group's filter gradient into the next group's place when there is a stride.",
        FILTER_GRADIENT,
        when(both(grouped, strided), answer(_next_group)),
        "groups-exchanged",
        issue("tracel-ai/burn#1891"),
    ),
    _member(
        "filter-gradient-channels-reversed-in-groups",
        "Flips the channels of a group together with the kernel's axes.",
        FILTER_GRADIENT,
        when(grouped, answer(_channels_reversed)),
        "channels-reversed",
        issue("ml-explore/mlx#1449"),
    ),
    _member(
        "first-group-only",
        "Computes the first group and leaves the others at 0.",
        (*FORWARD, *INPUT_GRADIENT),
        when(grouped, answer(_later_groups_zero)),
        "left-at-zero",
    ),
    _member(
        "last-group-missing",
        "Stops before the last group.",
        (*FORWARD, *INPUT_GRADIENT),
        when(grouped, answer(_last_group_zero)),
        "tail-only",
    ),
    _member(
        "gradients-of-groups-raising",
        "Takes the number of input channels from the filter in the backward pass, and finds that it does not match.",
        ("conv_input_grad", "conv_filter_grad"),
        when(_several_channels, raising(_UNSUPPORTED)),
        None,
        issue("tensorflow/tensorflow#50397"),
    ),
    _member(
        "transposed-channels-of-one-group",
        "Returns as many channels of a grouped transposed convolution as one group has.",
        ("conv_transpose",),
        when(grouped, answer(_first_group_only)),
        None,
        issue("apache/tvm#9465"),
    ),
    _member(
        "depthwise-filter-gradient-of-eights",
        "Leaves the last row of the output gradient out of a depthwise filter gradient "
        "when the channels fill blocks of 8.",
        ("conv_filter_grad",),
        when(_depthwise_of_eights, operand(1, last_row_zero)),
        "last-rows-missing",
        issue("uxlfoundation/oneDNN#4124"),
    ),
)
