"""Symbolic SAME: the odd element on the wrong side, widths that forget stride or dilation."""

from collections.abc import Callable

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Run
from tests.zoo.mutants import Family, issue, misread, no_padding, raising, same, sides_swapped, sized, strided, when

_member = Family("same")

# (input, effective kernel, kernel, stride) of one axis -> its padding
Axis = Callable[[int, int, int, int], tuple[int, int]]


def _upper(problem: Problem) -> bool:
    return problem.symbol == "same_upper"


def _lower(problem: Problem) -> bool:
    return problem.symbol == "same_lower"


def _by_axis(rule: Axis) -> Callable[[Problem], tap_loops.Pairs]:
    """Return what ``rule`` pads every axis with."""

    def padding(problem: Problem) -> tap_loops.Pairs:
        axes = zip(problem.input_size, problem.effective_kernel, problem.kernel_size, problem.stride, strict=True)
        return tuple(rule(*axis) for axis in axes)

    return padding


def _when_same(rule: Axis, *, resized: bool = False) -> Run:
    return when(same, misread(padding=_by_axis(rule), resized=resized))


def _split(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2


def _half_kernel(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    return extent // 2, extent // 2


def _as_without_stride(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    return _split(extent - 1)


def _total(size: int, extent: int, stride: int) -> int:
    return (-(-size // stride) - 1) * stride + extent - size


def _odd_element_dropped(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    half = max(0, _total(size, extent, stride)) // 2
    return half, half


def _undilated(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    return _split(max(0, _total(size, kernel, stride)))


def _not_bounded(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    return _split(_total(size, extent, stride))


def _to_input_size(size: int, extent: int, kernel: int, stride: int) -> tuple[int, int]:
    return _split(max(0, (size - 1) * stride + extent - size))


def _kernel_reversed_only(problem: Problem) -> tap_loops.Pairs:
    """The kernel's sizes are brought into the order of the pads, last axis first, and the dilations are not."""
    axes = zip(problem.kernel_size, problem.dilation[::-1], strict=True)
    return tuple(_split(d * (k - 1)) for k, d in axes)


def _rounded_down(problem: Problem) -> tap_loops.Size:
    return tuple(size // stride for size, stride in zip(problem.input_size, problem.stride, strict=True))


def _even_kernel(problem: Problem) -> bool:
    return same(problem) and any(e % 2 == 0 for e in problem.effective_kernel)


def _stride_beyond_kernel(problem: Problem) -> bool:
    return same(problem) and any(s > k for s, k in zip(problem.stride, problem.kernel_size, strict=True))


def _uncropped(problem: Problem) -> tap_loops.Size:
    axes = zip(problem.output_size, problem.effective_kernel, problem.stride, strict=True)
    return tuple(max(0, (o - 1) * s + e) for o, e, s in axes)


MEMBERS = (
    _member(
        "same-lower-for-upper",
        "Puts the odd element of SAME at the begin where it belongs at the end.",
        FORWARD,
        when(_upper, misread(padding=sides_swapped)),
        "same-lower-for-upper",
    ),
    _member(
        "same-upper-for-lower",
        "Puts the odd element of SAME_LOWER at the end where it belongs at the begin.",
        FORWARD,
        when(_lower, misread(padding=sides_swapped)),
        "same-upper-for-lower",
    ),
    _member(
        "transposed-same-lower-for-upper",
        "Crops the odd element of SAME off the wrong end of a transposed convolution.",
        ("conv_transpose",),
        when(_upper, misread(padding=sides_swapped)),
        "same-lower-for-upper",
        issue("microsoft/onnxruntime#9370"),
    ),
    _member(
        "transposed-same-shifted-when-strided",
        "Crops one row off the begin of a strided transposed convolution where SAME takes it off the end.",
        INPUT_GRADIENT,
        when(lambda p: _upper(p) and strided(p), misread(padding=sides_swapped)),
        "same-lower-for-upper",
        issue("keras-team/keras#22876"),
    ),
    _member(
        "filter-gradient-same-lower-for-upper",
        "Puts the odd element of SAME on the wrong side in the filter gradient.",
        FILTER_GRADIENT,
        when(_upper, misread(padding=sides_swapped)),
        "same-lower-for-upper",
    ),
    _member(
        "same-lower-for-upper-when-even",
        "Centres even kernels of SAME one element too far to the left.",
        FORWARD,
        when(lambda p: _upper(p) and _even_kernel(p), misread(padding=sides_swapped)),
        "same-lower-for-upper",
    ),
    _member(
        "same-of-half-kernel",
        "Pads both sides of a strided SAME by half of the kernel.",
        FORWARD,
        when(strided, _when_same(_half_kernel, resized=True)),
        "same-fixed-padding",
        issue("mil-tokyo/webdnn#660"),
    ),
    _member(
        "same-as-without-stride",
        "Pads a strided SAME as if there were no stride and takes every other position.",
        FORWARD,
        _when_same(_as_without_stride),
        "same-fixed-padding",
        issue("keras-team/keras#19291"),
    ),
    _member(
        "filter-gradient-same-as-without-stride",
        "Pads a strided SAME as if there were no stride in the filter gradient.",
        FILTER_GRADIENT,
        _when_same(_as_without_stride),
        "same-fixed-padding",
    ),
    _member(
        "same-odd-element-dropped",
        "Splits an odd SAME padding into two equal halves and drops the rest.",
        FORWARD,
        _when_same(_odd_element_dropped, resized=True),
        "padding-odd-element-dropped",
        issue("tracel-ai/burn#2676"),
    ),
    _member(
        "same-without-dilation",
        "Computes SAME from the kernel without its dilation.",
        FORWARD,
        _when_same(_undilated, resized=True),
        "same-without-dilation",
        issue("deeplearning4j/deeplearning4j#4075"),
    ),
    _member(
        "same-without-dilation-at-right-size",
        "Computes SAME from the kernel without its dilation, in a result of the right size.",
        FORWARD,
        _when_same(_undilated),
        "same-without-dilation",
    ),
    _member(
        "same-of-other-axis-dilation",
        "Takes each axis's SAME padding from its own kernel and the other axis's dilation.",
        FORWARD,
        when(same, misread(padding=_kernel_reversed_only, resized=True)),
        None,
        issue("tinygrad/tinygrad#17805"),
    ),
    _member(
        "same-to-input-size",
        "Pads so much that a strided SAME keeps the input's size.",
        FORWARD,
        _when_same(_to_input_size, resized=True),
        "same-size-without-stride",
        issue("aselsan-research-imaging-team/flight-net#3"),
    ),
    _member(
        "same-not-bounded",
        "Crops the input of a SAME whose stride is wider than its kernel.",
        FORWARD,
        _when_same(_not_bounded, resized=True),
    ),
    _member(
        "same-taken-for-valid",
        "Takes SAME for no padding.",
        FORWARD,
        when(same, misread(padding=no_padding, resized=True)),
        "padding-ignored",
    ),
    _member(
        "transposed-same-taken-for-valid",
        "Does not crop the result of a transposed convolution to what SAME says.",
        ("conv_transpose",),
        when(same, sized(_uncropped)),
        None,
        issue("microsoft/onnxruntime#4086"),
    ),
    _member(
        "transposed-same-taken-for-valid-when-strided",
        "Takes SAME for no padding in a strided transposed convolution.",
        ("conv_transpose",),
        when(lambda p: same(p) and strided(p), misread(padding=no_padding, resized=True)),
        "padding-ignored",
        issue("microsoft/onnxruntime#6067"),
    ),
    _member(
        "same-size-rounded-down",
        "Rounds the size of SAME down where it is rounded up.",
        FORWARD,
        when(same, sized(_rounded_down)),
        "last-rows-missing",
    ),
    _member(
        "transposed-same-raising-beyond-kernel",
        "Raises on a SAME whose stride is wider than its kernel, whose padding it takes for negative.",
        INPUT_GRADIENT,
        when(_stride_beyond_kernel, raising(ValueError("negative padding is not supported"))),
        None,
        issue("keras-team/keras-core#488"),
    ),
)
