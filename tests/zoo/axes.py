"""The axes: one axis's parameters used for another, or for all."""

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array
from tests.zoo.mutants import Family, answer, dilated, issue, large, misread, planar, same, when

_member = Family("axes")


def _stride_reversed(problem: Problem) -> tap_loops.Size:
    return problem.stride[::-1]


def _dilation_reversed(problem: Problem) -> tap_loops.Size:
    return problem.dilation[::-1]


def _padding_reversed(problem: Problem) -> tap_loops.Pairs:
    return problem.padding[::-1]


def _stride_of_first(problem: Problem) -> tap_loops.Size:
    return problem.stride[:1] * problem.rank


def _begins_then_ends(problem: Problem) -> tap_loops.Pairs:
    """``(lo, hi)`` pairs read as all begins and then all ends."""
    flat = [entry for pair in problem.padding for entry in pair]
    return tuple(zip(flat[: problem.rank], flat[problem.rank :], strict=True))


def _square_result(problem: Problem) -> bool:
    return planar(problem) and problem.output_size[-1] == problem.output_size[-2]


def _square_input(problem: Problem) -> bool:
    return planar(problem) and problem.input_size[-1] == problem.input_size[-2]


def _swapped(array: Array, problem: Problem) -> Array:
    return array.swapaxes(-1, -2)


MEMBERS = (
    _member(
        "stride-axes-swapped",
        "Uses the stride of the rows for the columns and the other way round.",
        FORWARD,
        misread(stride=_stride_reversed, resized=True),
        "stride-axes-swapped",
    ),
    _member(
        "input-gradient-stride-axes-swapped",
        "Scatters with the strides of rows and columns exchanged, into a result of the right size.",
        INPUT_GRADIENT,
        misread(stride=_stride_reversed),
        "stride-axes-swapped",
        issue("pytorch/pytorch#82563"),
    ),
    _member(
        "filter-gradient-stride-axes-swapped",
        "Reads the input with the strides of rows and columns exchanged in the filter gradient.",
        FILTER_GRADIENT,
        misread(stride=_stride_reversed),
        "stride-axes-swapped",
    ),
    _member(
        "stride-axes-swapped-when-dilated",
        "Exchanges the strides of rows and columns when there is a dilation.",
        FORWARD,
        when(dilated, misread(stride=_stride_reversed)),
        "stride-axes-swapped",
    ),
    _member(
        "stride-of-first-axis",
        "Uses the first axis's stride for every axis.",
        FORWARD,
        misread(stride=_stride_of_first, resized=True),
        "first-axis-for-both",
        issue("deepjavalibrary/djl#384"),
    ),
    _member(
        "filter-gradient-stride-of-first-axis",
        "Uses the first axis's stride for every axis in the filter gradient.",
        FILTER_GRADIENT,
        misread(stride=_stride_of_first),
        "first-axis-for-both",
        issue("ROCm/MIOpen#77"),
    ),
    _member(
        "dilation-axes-swapped",
        "Uses the dilation of the rows for the columns and the other way round.",
        FORWARD,
        misread(dilation=_dilation_reversed, resized=True),
        "dilation-axes-swapped",
    ),
    _member(
        "input-gradient-dilation-axes-swapped",
        "Scatters with the dilations of rows and columns exchanged, into a result of the right size.",
        INPUT_GRADIENT,
        misread(dilation=_dilation_reversed),
        "dilation-axes-swapped",
    ),
    _member(
        "dilation-of-first-axis",
        "Uses the first axis's dilation for every axis.",
        FORWARD,
        misread(dilation=lambda p: p.dilation[:1] * p.rank, resized=True),
        "first-axis-for-both",
        issue("apache/mxnet#8557"),
    ),
    _member(
        "padding-axes-swapped",
        "Pads the columns as the rows should be and the other way round.",
        FORWARD,
        misread(padding=_padding_reversed, resized=True),
        "padding-axes-swapped",
    ),
    _member(
        "input-gradient-padding-axes-swapped",
        "Crops the columns as the rows should be and the other way round, to the right size.",
        INPUT_GRADIENT,
        misread(padding=_padding_reversed),
        "padding-axes-swapped",
    ),
    _member(
        "same-padding-axes-swapped",
        "Computes the columns' SAME padding from the number of rows and the other way round.",
        FORWARD,
        when(same, misread(padding=_padding_reversed)),
        "padding-axes-swapped",
        issue("renmengye/np-conv2d#2"),
    ),
    _member(
        "padding-of-last-axis",
        "Copies the columns' padding to the rows.",
        FORWARD,
        misread(padding=lambda p: p.padding[-1:] * p.rank, resized=True),
        "last-axis-for-both",
        issue("Oldpan/Faceswap-Deepfake-Pytorch#1"),
    ),
    _member(
        "padding-read-as-begins-then-ends",
        "Reads the padding's pairs as all begins followed by all ends.",
        FORWARD,
        misread(padding=_begins_then_ends, resized=True),
        "padding-order-misread",
    ),
    _member(
        "stride-and-dilation-exchanged",
        "Passes stride and dilation in each other's place in the backward pass of the transposed convolution.",
        ("conv_transpose_input_grad", "conv_transpose_filter_grad"),
        misread(stride=lambda p: p.dilation, dilation=lambda p: p.stride, resized=True),
        "stride-dilation-swapped",
        issue("huggingface/candle#2337"),
    ),
    _member(
        "result-transposed-when-square",
        "Returns a square result with rows and columns exchanged.",
        FORWARD,
        when(_square_result, answer(_swapped)),
        "result-axes-swapped",
    ),
    _member(
        "input-transposed-when-square",
        "Reads the rows of a square image as its columns.",
        FORWARD,
        when(_square_input, large(_swapped)),
        "layout-misread",
    ),
)
