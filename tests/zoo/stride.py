"""The stride: ignored, bounded, out of phase, and the rows that no output reads."""

from math import prod

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import (
    Family,
    both,
    grouped,
    issue,
    misread,
    no_padding,
    ones,
    padded,
    read_size,
    sized,
    strided,
    unread_at_begin,
    when,
)

_member = Family("stride")


def _bounded_by_kernel(problem: Problem) -> tap_loops.Size:
    return tuple(map(min, problem.stride, problem.kernel_size))


def _one_stride_short(problem: Problem) -> tap_loops.Pairs:
    """The padding under which positions begin with the last of the first stride."""
    return tuple((lo - (s - 1), hi) for s, (lo, hi) in zip(problem.stride, problem.padding, strict=True))


def _uncropped_kernel(problem: Problem) -> tap_loops.Size:
    """As many taps as positions of the strided dy fit into the padded input."""
    axes = zip(problem.padded_size, problem.output_size, problem.stride, problem.dilation, strict=True)
    return tuple(max(0, p - ((o - 1) * s + 1)) // d + 1 for p, o, s, d in axes)


def _repeated(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    dy, w = arrays
    for axis, stride in enumerate(problem.stride):
        dy = np.repeat(dy, stride, axis=axis + 2)
    return misread(stride=ones)(operation, problem, (dy, w), bias)


def _pointwise(problem: Problem) -> bool:
    return prod(problem.kernel_size) == 1


MEMBERS = (
    _member(
        "stride-ignored",
        "Takes every position of the kernel, whatever the stride.",
        FORWARD,
        misread(stride=ones, resized=True),
        "stride-ignored",
    ),
    _member(
        "stride-ignored-at-right-size",
        "Makes a result of the right size, and moves the kernel by 1 all the same.",
        FORWARD,
        misread(stride=ones),
        "stride-ignored",
    ),
    _member(
        "input-gradient-stride-ignored",
        "Does not spread the output gradient by the stride in the backward pass.",
        ("conv_input_grad",),
        misread(stride=ones),
        "stride-ignored",
        issue("Kulbear/deep-learning-coursera#34"),
    ),
    _member(
        "transposed-stride-ignored",
        "Inserts no zeros between the elements of the input of a transposed convolution.",
        ("conv_transpose",),
        misread(stride=ones, resized=True),
        "stride-ignored",
    ),
    _member(
        "transposed-input-gradient-stride-ignored",
        "Reads neighbours in the backward pass of a transposed convolution where the stride leaves some out.",
        ("conv_transpose_input_grad",),
        misread(stride=ones),
        "stride-ignored",
        issue("pytorch/pytorch#63314"),
    ),
    _member(
        "filter-gradient-stride-ignored",
        "Does not spread the output gradient by the stride in the filter gradient.",
        FILTER_GRADIENT,
        misread(stride=ones),
        "stride-ignored",
        issue("yonghenglh6/DepthwiseConvolution#20"),
    ),
    _member(
        "stride-ignored-in-groups",
        "Ignores the stride when there are groups.",
        FORWARD,
        when(grouped, misread(stride=ones)),
        "stride-ignored",
    ),
    _member(
        "stride-ignored-when-pointwise",
        "Takes a kernel of one tap for a matrix product and forgets the stride.",
        FORWARD,
        when(_pointwise, misread(stride=ones)),
        "stride-ignored",
    ),
    _member(
        "stride-ignored-unless-on-first-axis",
        "Looks at the first axis's stride alone to tell whether there is one.",
        FORWARD,
        when(lambda p: p.stride[0] == 1, misread(stride=ones)),
        "stride-ignored",
    ),
    _member(
        "stride-bounded-by-kernel",
        "Moves the kernel by no more than its own size.",
        FORWARD,
        misread(stride=_bounded_by_kernel, resized=True),
    ),
    _member(
        "input-gradient-right-up-to-stride-two",
        "Treats every stride beyond 2 as 2 in the input gradient.",
        INPUT_GRADIENT,
        misread(stride=lambda p: tuple(min(2, s) for s in p.stride)),
        "another-stride",
        issue("Theano/Theano#602"),
    ),
    _member(
        "last-of-each-stride",
        "Keeps the last position of each stride in place of the first.",
        FORWARD,
        misread(padding=_one_stride_short),
    ),
    _member(
        "input-gradient-aligned-to-end",
        "Puts the rows that no output reads at the start of the input gradient.",
        ("conv_input_grad",),
        misread(padding=unread_at_begin),
        "shifted",
        issue("flagos-ai/FlagGems#1576"),
    ),
    _member(
        "input-gradient-too-short",
        "Computes the input's size from the output's, without the rows that no output reads.",
        ("conv_input_grad",),
        sized(read_size),
        "remainder-ignored",
        issue("torch/DEPRECEATED-torch7-distro#20"),
    ),
    _member(
        "filter-gradient-too-large",
        "Returns as many taps as fit into the input, the remainder of the stride included.",
        FILTER_GRADIENT,
        sized(_uncropped_kernel),
        "remainder-ignored",
        issue("meta-pytorch/opacus#245"),
    ),
    _member(
        "grouped-filter-gradient-too-large",
        "Returns a filter gradient with the remainder of the stride when there are groups.",
        FILTER_GRADIENT,
        when(grouped, sized(_uncropped_kernel)),
        "remainder-ignored",
        issue("ml-explore/mlx#2184"),
    ),
    _member(
        "repeated-for-zero-inserted",
        "Repeats each element as often as the stride says where zeros belong in between.",
        INPUT_GRADIENT,
        _repeated,
        "zeros-inserted-wrongly",
    ),
    _member(
        "zeros-inserted-before",
        "Inserts the stride's zeros before each element in place of after it.",
        INPUT_GRADIENT,
        misread(padding=_one_stride_short),
        "shifted",
    ),
    _member(
        "filter-gradient-of-default-geometry",
        "Unfolds the input with stride 1 and no padding in the filter gradient.",
        FILTER_GRADIENT,
        misread(stride=ones, padding=no_padding),
        None,
        issue("meta-pytorch/opacus#1"),
    ),
    _member(
        "stride-ignored-when-strided-and-padded",
        "Ignores the stride of the filter gradient when there is padding as well.",
        FILTER_GRADIENT,
        when(both(strided, padded), misread(stride=ones)),
        "stride-ignored",
    ),
)
