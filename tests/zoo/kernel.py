"""The kernel: rotated, transposed, cut short."""

from math import prod

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import (
    Family,
    answer,
    both,
    filters,
    grouped,
    issue,
    misread,
    planar,
    rotated,
    sized,
    strided,
    when,
)

_member = Family("kernel")


def _axes_swapped(w: Array, problem: Problem) -> Array:
    return w.swapaxes(-1, -2) if problem.rank > 1 else w


def _on_swapped_kernel(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return misread(resized=operation in FORWARD)(
        operation, problem, (arrays[0], _axes_swapped(arrays[1], problem)), bias
    )


def _square(problem: Problem) -> bool:
    return planar(problem) and problem.kernel_size[-1] == problem.kernel_size[-2] > 1


def _even(problem: Problem) -> bool:
    return any(k % 2 == 0 for k in problem.kernel_size)


def _one_wide_axis(problem: Problem) -> bool:
    return sum(k > 1 for k in problem.kernel_size) == 1


def _wider_than_input(problem: Problem) -> bool:
    return any(k > i for k, i in zip(problem.kernel_size, problem.input_size, strict=True))


def _cut_to_input(w: Array, problem: Problem) -> Array:
    cut: Array = w[tap_loops.spatial(*(slice(size) for size in problem.input_size))]
    return cut


def _whole_input(problem: Problem) -> bool:
    return problem.kernel_size == problem.input_size and prod(problem.kernel_size) > 1


def _last_tap_missing(w: Array, problem: Problem) -> Array:
    shorter = w.copy()
    shorter[..., -1] = 0
    return shorter


def _after_64_taps_zero(w: Array, problem: Problem) -> Array:
    shorter = w.copy()
    shorter[..., 64:] = 0
    return shorter


def _odd_tap_missing(w: Array, problem: Problem) -> Array:
    shorter = w.copy()
    if problem.kernel_size[-1] % 2:
        shorter[..., -1] = 0
    return shorter


def _depth_by_position(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Every tap of the first axis adds to the index of the output, as with a kernel whose dilation is 0."""
    return misread(
        stride=lambda p: (1, *p.stride[1:]), dilation=lambda p: (0, *p.dilation[1:]), padding=_no_first_padding
    )(operation, problem, arrays, bias)


def _no_first_padding(problem: Problem) -> tap_loops.Pairs:
    return ((0, 0), *problem.padding[1:])


MEMBERS = (
    _member(
        "kernel-rotated",
        "Computes a convolution in the mathematical sense, with the kernel rotated by 180 degrees.",
        FORWARD,
        filters(rotated),
        "kernel-rotated",
        "https://developerload.com/why-is-the-result-of-my-conv2d-function-centrally-symmetric-with-the-result-of-scipy",
    ),
    _member(
        "kernel-rotated-and-transposed",
        "Rotates the kernel and reads its rows as columns.",
        FORWARD,
        when(_square, filters(lambda w, p: _axes_swapped(rotated(w, p), p)), filters(rotated)),
        None,
        "https://e-learn.cn/qa/answer/847242/1832226.html",
    ),
    _member(
        "input-gradient-kernel-unrotated",
        "Gathers the input gradient with the kernel as it is, where a gather needs it rotated.",
        ("conv_input_grad",),
        filters(rotated),
        "kernel-rotated",
        issue("ddbourgin/numpy-ml#27"),
    ),
    _member(
        "transposed-kernel-unrotated",
        "Takes a transposed convolution for a convolution of the zero-inserted input with the kernel as it is.",
        ("conv_transpose",),
        filters(rotated),
        "kernel-rotated",
        issue("jax-ml/jax#592"),
    ),
    _member(
        "filter-gradient-rotated",
        "Correlates in the wrong order, so that the filter gradient comes out rotated by 180 degrees.",
        FILTER_GRADIENT,
        answer(rotated),
        "gradient-rotated",
        "https://end-to-end-machine-learning.teachable.com",
    ),
    _member(
        "kernel-axes-swapped",
        "Reads the kernel's rows as columns.",
        (*FORWARD, *INPUT_GRADIENT),
        _on_swapped_kernel,
        "kernel-axes-swapped",
    ),
    _member(
        "kernel-axes-swapped-when-square",
        "Reads the rows of a square kernel as columns.",
        FORWARD,
        when(_square, filters(_axes_swapped)),
        "kernel-axes-swapped",
    ),
    _member(
        "filter-gradient-axes-swapped-when-square",
        "Writes the gradient of a square kernel with rows and columns exchanged.",
        FILTER_GRADIENT,
        when(_square, answer(_axes_swapped)),
        "kernel-axes-swapped",
    ),
    _member(
        "kernel-flipped-on-last-axis",
        "Flips the kernel on its last axis only.",
        FORWARD,
        filters(lambda w, p: w[..., ::-1]),
        "kernel-flipped-on-one-axis",
    ),
    _member(
        "one-dimensional-kernel-unrotated",
        "Leaves the kernel unrotated in the input gradient when only one of its axes is wider than 1.",
        INPUT_GRADIENT,
        when(_one_wide_axis, filters(rotated)),
        "kernel-rotated",
        issue("llvm/torch-mlir#4437"),
    ),
    _member(
        "kernel-rotated-when-strided-and-grouped",
        "Leaves the kernel unrotated in the input gradient when there are both groups and a stride.",
        INPUT_GRADIENT,
        when(both(strided, grouped), filters(rotated)),
        "kernel-rotated",
    ),
    _member(
        "kernel-rotated-when-even",
        "Rotates kernels of an even size.",
        FORWARD,
        when(_even, filters(rotated)),
        "kernel-rotated",
    ),
    _member(
        "kernel-rotated-when-as-large-as-input",
        "Rotates a kernel as large as the input, which it treats as a matrix product.",
        FORWARD,
        when(_whole_input, filters(rotated)),
        "kernel-rotated",
    ),
    _member(
        "wide-kernel-cut-in-groups",
        "Adds up only the first 64 taps of a row of the kernel when there are groups.",
        FORWARD,
        when(grouped, filters(_after_64_taps_zero)),
        "taps-missing",
        issue("modular/modular#6129"),
    ),
    _member(
        "last-tap-missing",
        "Loops over the columns of the kernel but for the last.",
        (*FORWARD, *INPUT_GRADIENT),
        when(lambda p: p.kernel_size[-1] > 1, filters(_last_tap_missing)),
        "taps-missing",
    ),
    _member(
        "odd-tap-missing",
        "Takes the columns of the kernel in pairs and forgets the last when they are odd.",
        (*FORWARD, *INPUT_GRADIENT),
        when(lambda p: p.kernel_size[-1] > 1, filters(_odd_tap_missing)),
        "taps-missing",
    ),
    _member(
        "kernel-cut-to-input",
        "Cuts a kernel that is larger than the input down to it, and forgets that there is padding.",
        FORWARD,
        when(_wider_than_input, filters(_cut_to_input)),
    ),
    _member(
        "depth-by-position",
        "Writes the input gradient of a volume at the depth of the output in place of that of the input.",
        INPUT_GRADIENT,
        when(lambda p: p.rank == 3, _depth_by_position),
        None,
        issue("NervanaSystems/neon#111"),
    ),
    _member(
        "filter-gradient-of-channel-size",
        "Takes the kernel's size from the first axes of the filter's shape in place of the last.",
        FILTER_GRADIENT,
        sized(lambda p: (p.filter_shape * 2)[: p.rank]),
        None,
        issue("Theano/Theano#4885"),
    ),
)
