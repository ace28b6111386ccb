"""What is known to happen to raw arguments: each looked at, by the script of the framework's own call that shows it."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import EVERYWHERE, KnownDivergence, Machines

Asked = Mapping[str, tuple[str, ...]]


def routes(names: tuple[str, ...], *asked: str) -> dict[str, tuple[str, ...]]:
    """Return the mapping in which each of the raw routes of those names is asked the same."""
    return {f"raw.{name}": asked for name in names}


def known(
    name: str,
    reason: str,
    grade: str,
    asked: Asked,
    *,
    versions: tuple[str, str | None],
    operations: tuple[str, ...] = (),
    ranks: tuple[int, ...] = (1, 2, 3),
    machines: Machines = EVERYWHERE,
    always: bool = True,
) -> KnownDivergence:
    """Return a divergence of raw arguments that are asked as ``asked`` says, of images of those ranks."""
    among = ", ".join(dict.fromkeys(text for texts in asked.values() for text in texts))
    where = "" if len(ranks) == 3 else f"; images of {' or '.join(map(str, ranks))} axes"
    return KnownDivergence(
        f"raw-{name}",
        reason,
        f"{among}{where}",
        grades=(grade,),
        operations=operations,
        routes=tuple(asked),
        when=lambda case, dtype: len(case.input_size) in ranks,
        versions=versions,
        machines=machines,
        always=always,
        raw=asked,
    )


_JAX: dict[str, Any] = {"versions": ("0.10", None)}
JAX_RAW = (
    known(
        "empty-list-for-ones",
        "An empty list of strides or dilations is taken for ones.",
        "accepted",
        {
            "raw.lax.conv_general_dilated": ("dilation of no axis",),
            "raw.lax.conv_transpose": ("stride of no axis", "dilation of no axis"),
            "raw.batch_group_count": ("stride of no axis",),
        },
        **_JAX,
    ),
    known(
        "empty-list-for-ones-in-gradients",
        "An empty list of dilations is taken for ones.",
        "accepted",
        {"raw.linear_transpose": ("dilation of no axis",)},
        operations=("conv_input_grad",),
        **_JAX,
    ),
    known(
        "transposed-padding-list-cut-off",
        "Entries of the padding beyond the spatial axes are left out without a word.",
        "accepted",
        {"raw.lax.conv_transpose": ("padding of one axis more",)},
        **_JAX,
    ),
    known(
        "padding-wraps",
        "A padding whose result is small and whose padded size needs more than 32 bits gives wrong numbers.",
        "accepted",
        routes(("lax.conv_general_dilated",), *(f"padding 2^{bits} under a stride of half" for bits in (31, 40, 61))),
        **_JAX,
    ),
    known(
        "huge-padding-aborts",
        "The strides of a result that is too large overflow, and the process ends in place of an exception.",
        "crashed",
        {"raw.lax.conv_general_dilated": ("padding 2^31", "padding 2^40", "padding 2^61")},
        **_JAX,
    ),
    known(
        "huge-transposed-stride-divides-by-zero",
        "The compiled kernel divides by a number that has wrapped to zero.",
        "crashed",
        {"raw.lax.conv_transpose": ("stride 2^62",)},
        **_JAX,
    ),
)

_TENSORFLOW: dict[str, Any] = {"versions": ("2.21", None)}
_PLANES = ("nn.conv2d", "raw_ops.Conv2D")
_FORWARD = (*_PLANES, "nn.convolution")
_TRANSPOSED = ("nn.conv2d_transpose", "nn.conv2d_transpose-unknown-shapes", "nn.conv_transpose")
_BACK = "raw.raw_ops.Conv2DBackpropInput"
_BACK_FILTER = "raw.raw_ops.Conv2DBackpropFilter"
_BACK_3D, _BACK_FILTER_3D = "raw.raw_ops.Conv3DBackpropInputV2", "raw.raw_ops.Conv3DBackpropFilterV2"
_BACK_DEPTHWISE = "raw.raw_ops.DepthwiseConv2dNativeBackpropInput"
_HUGE = ("2^31", "2^62", "2^63 less 1")
_NO_FILTER = (
    "a filter of 0 results for 6",
    "a filter without taps for a dy",
    "a filter without taps on one axis for a dy",
)

TENSORFLOW_RAW = (
    known(
        "huge-stride-aborts",
        "A check of the kernel ends the process in place of an exception.",
        "crashed",
        routes((*_FORWARD, *_TRANSPOSED), *(f"stride {number}" for number in _HUGE)),
        **_TENSORFLOW,
    ),
    known(
        "huge-dilation-aborts",
        "A check of the kernel ends the process in place of an exception.",
        "crashed",
        routes(_PLANES, *(f"dilation {number}" for number in _HUGE)),
        **_TENSORFLOW,
    ),
    known(
        "stride-0-divides-by-zero",
        "Where shapes are not known while the graph is made, nothing checks the stride, and the kernel divides by it.",
        "crashed",
        routes(("nn.conv2d_transpose-unknown-shapes",), "stride 0", "stride 0 on one axis"),
        **_TENSORFLOW,
    ),
    known(
        "short-strides-abort",
        "The gradient looks up the stride of an axis that the list does not have, and a check ends the process.",
        "crashed",
        {_BACK: ("stride of no axis",), _BACK_FILTER: ("stride of no axis",)},
        **_TENSORFLOW,
    ),
    known(
        "image-rank-aborts",
        "An image of fewer than four axes ends the process in place of an exception.",
        "crashed",
        routes(
            (*_FORWARD, "nn.conv2d-unknown-shapes"),
            "an image of no axis",
            "an image of one axis",
            "an image of two axes",
            "an image without a batch",
        ),
        **_TENSORFLOW,
    ),
    known(
        "dy-rank-aborts",
        "A dy of fewer than four axes ends the process in place of an exception.",
        "crashed",
        {_BACK_FILTER: ("a dy of no axis", "a dy of one axis", "a dy of three axes")},
        **_TENSORFLOW,
    ),
    known(
        "dy-rank-ignored",
        "Axes of a dy beyond the fourth are not looked at.",
        "accepted",
        {_BACK_FILTER: ("a dy of five axes",), _BACK: ("a dy of five axes",)},
        **_TENSORFLOW,
    ),
    known(
        "short-result-shape-aborts",
        "A shape of the result with too few numbers ends the process in place of an exception.",
        "crashed",
        {
            **routes(_TRANSPOSED[:2], "result of one axis less", "result size no number", "result size one number"),
            _BACK: ("result of one axis less", "result size no number", "result size one number"),
            _BACK_3D: ("result size no number", "result size one number"),
            _BACK_DEPTHWISE: ("result size one number",),
        },
        **_TENSORFLOW,
    ),
    known(
        "result-size-aborts",
        "A size of the result that is negative or overflows ends the process in place of an exception.",
        "crashed",
        {
            "raw.nn.conv_transpose": ("result size -1", "result size 2^31", "result size 2^62"),
            _BACK_3D: ("result size -1", "result size 2^31", "result size 2^62"),
        },
        ranks=(3,),
        **_TENSORFLOW,
    ),
    known(
        "plane-result-size-aborts",
        "A size of the result that is negative or overflows ends the process in place of an exception.",
        "crashed",
        {
            **routes(_TRANSPOSED, "result size -1", "result size 2^31"),
            _BACK: ("result size -1", "result size 2^31"),
        },
        ranks=(2,),
        **_TENSORFLOW,
    ),
    known(
        "depthwise-result-size-aborts",
        "A negative size of the result ends the process in place of an exception.",
        "crashed",
        {_BACK_DEPTHWISE: ("result size -1",)},
        **_TENSORFLOW,
    ),
    known(
        "result-size-cut-to-32-bits",
        "Of a size of 2^62 the lower 32 bits are taken, which are zero: an empty result.",
        "accepted",
        {**routes(_TRANSPOSED, "result size 2^62"), _BACK: ("result size 2^62",)},
        ranks=(2,),
        **_TENSORFLOW,
    ),
    known(
        "filter-size-cut-to-32-bits",
        "Of a size of 2^62 the lower 32 bits are taken, which are zero: an empty result.",
        "accepted",
        {_BACK_FILTER: ("size of the filter 2^62",), _BACK_FILTER_3D: ("size of the filter 2^62",)},
        **_TENSORFLOW,
    ),
    known(
        "empty-result-not-checked",
        "A result of size 0 is returned before the operands are looked at.",
        "accepted",
        {
            **routes(_TRANSPOSED, "result size 0"),
            **dict.fromkeys((_BACK, _BACK_3D), ("result size 0",)),
            **dict.fromkeys((_BACK_FILTER, _BACK_FILTER_3D), ("size of the filter 0",)),
        },
        **_TENSORFLOW,
    ),
    known(
        "empty-dy-not-checked",
        "A dy without elements is not compared with the other operand and the size of the result.",
        "accepted",
        dict.fromkeys((_BACK, _BACK_FILTER, _BACK_3D, _BACK_FILTER_3D), ("a dy without elements",)),
        **_TENSORFLOW,
    ),
    known(
        "empty-filter-not-checked",
        "A filter without elements is not compared with what it is applied to.",
        "accepted",
        {**routes(_TRANSPOSED, *_NO_FILTER), _BACK: _NO_FILTER, _BACK_3D: _NO_FILTER[:1]},
        **_TENSORFLOW,
    ),
    known(
        "fractions-are-cut-off",
        "Strides and dilations that are no integers are cut off in silence.",
        "accepted",
        routes((*_FORWARD, *_TRANSPOSED, "nn.conv2d-unknown-shapes"), "stride 1 and a half", "dilation 1 and a half"),
        **_TENSORFLOW,
    ),
    known(
        "padding-fractions-are-cut-off",
        "Paddings that are no integers are cut off in silence.",
        "accepted",
        {
            **routes((*_PLANES, "nn.conv2d-unknown-shapes", *_TRANSPOSED[:2]), "padding a half"),
            **dict.fromkeys((_BACK, _BACK_FILTER), ("padding a half",)),
        },
        **_TENSORFLOW,
    ),
    known(
        "padding-cut-to-32-bits",
        "Where shapes are not known while the graph is made, the size of the result is cut to 32 bits.",
        "accepted",
        routes(("nn.conv2d-unknown-shapes",), *(f"padding {number}" for number in ("2^31", "2^40", "2^61", "2^62"))),
        **_TENSORFLOW,
    ),
    known(
        "padding-list-not-counted",
        "A list of paddings of another length than the axes need is read as far as it goes, or past its end.",
        "accepted",
        routes(
            ("raw_ops.Conv2D",),
            "padding of one axis more",
            "padding of no axis",
            "padding in a list of one number",
        ),
        **_TENSORFLOW,
    ),
    known(
        "texts-are-numbers",
        "A dilation that is a text is read as a number.",
        "accepted",
        routes(("nn.convolution",), "dilation in texts"),
        **_TENSORFLOW,
    ),
    known(
        "depthwise-gradients-ignore-dilations",
        "The gradients of the depthwise convolution do not read their dilations, whatever these are.",
        "accepted",
        dict.fromkeys(
            (_BACK_DEPTHWISE, "raw.raw_ops.DepthwiseConv2dNativeBackpropFilter"),
            ("dilation 0", "dilation -1", "dilation 0 on one axis"),
        ),
        **_TENSORFLOW,
    ),
)

_ONNXRUNTIME: dict[str, Any] = {"versions": ("1.31", None)}
_UNKNOWN = ("Conv-unknown-shapes", "Conv-constant-filter-unknown-shapes")

ONNXRUNTIME_RAW = (
    known(
        "more-numbers-than-axes",
        "Where shapes are not declared, entries of strides, dilations and pads beyond the axes are not looked at.",
        "accepted",
        routes(_UNKNOWN, "stride of one axis more", "dilation of one axis more", "padding of one axis more"),
        **_ONNXRUNTIME,
    ),
    known(
        "more-groups-than-channels",
        "A constant filter is arranged in blocks while the model is loaded, and its groups are not looked at again.",
        "accepted",
        routes(("Conv-constant-filter", "Conv-constant-filter-unknown-shapes"), "groups 8 of 4 channels"),
        **_ONNXRUNTIME,
    ),
    known(
        "negative-pads-crash",
        "Negative pads crop, but not in the kernels for a constant filter, which read outside their memory.",
        "crashed",
        routes(("Conv-constant-filter-unknown-shapes",), "padding -1"),
        ranks=(2,),
        **_ONNXRUNTIME,
    ),
    known(
        "transposed-group-0-crash",
        "The number of groups divides while the model is loaded.",
        "crashed",
        routes(("ConvTranspose-constant-filter-unknown-shapes",), "groups 0"),
        **_ONNXRUNTIME,
    ),
    known(
        "filter-without-taps-hangs",
        "A kernel of size 0 is never done.",
        "timed-out",
        routes(("Conv-unknown-shapes",), "a filter without taps", "a filter without taps on one axis"),
        **_ONNXRUNTIME,
    ),
    known(
        "negative-output-shape-ignored",
        "A negative output_shape is taken for none, where shapes are not declared.",
        "accepted",
        routes(("ConvTranspose-unknown-shapes", "ConvTranspose-constant-filter-unknown-shapes"), "result size -1"),
        **_ONNXRUNTIME,
    ),
)

_TORCH: dict[str, Any] = {"versions": ("2.13", None)}
_LARGE = ("2^31", "2^40", "2^61", "2^62")
_TRANSPOSED_BELOW = ("slow_conv_transpose2d", "slow_conv_transpose3d")

TORCH_RAW = (
    known(
        "backward-dilation-0",
        "The gradients do not look at the dilation, which the convolution itself refuses: taps read the same place.",
        "accepted",
        routes(("convolution_backward", "nn.grad"), "dilation 0", "dilation 0 on one axis"),
        ranks=(1, 2),
        **_TORCH,
    ),
    known(
        "dilation-wraps",
        "The extent of the dilated kernel overflows, and the size of the result with it.",
        "accepted",
        {
            "raw.F.conv-without-oneDNN": ("dilation 2^63 less 1",),
            "raw.slow_conv_dilated": ("dilation 2^62", "dilation 2^63 less 1"),
        },
        **_TORCH,
    ),
    known(
        "padding-wraps-crash",
        "The size of a buffer overflows to one that can be had, and the kernel writes past its end.",
        "crashed",
        routes(("F.conv-without-oneDNN", "_slow_conv2d_forward"), "padding 2^61"),
        **_TORCH,
    ),
    known(
        "nnpack-crash",
        "An internal operator that checks none of its arguments: it divides by the stride and reads past lists' ends.",
        "crashed",
        routes(
            ("_nnpack_spatial_convolution",),
            "stride 0",
            "stride 0 on one axis",
            "stride of no axis",
            "stride in a list of one number",
            "padding of no axis",
            "an image of no axis",
        ),
        **_TORCH,
    ),
    known(
        "slow-conv2d-negative-padding",
        "An internal operator that takes a negative padding, and reads outside the image in place of cropping it.",
        "accepted",
        routes(("_slow_conv2d_forward",), "padding -1"),
        **_TORCH,
    ),
    known(
        "slow-conv3d-reads-past-the-filter",
        "An internal operator that believes the kernel size and the channels of the image, not the filter.",
        "accepted",
        routes(("slow_conv3d",), "kernel size larger by one", "a filter of 1 channels for 4"),
        ranks=(3,),
        **_TORCH,
    ),
    known(
        "slow-conv-dilated-padding-wraps",
        "An internal operator that loses a padding of more than 31 bits.",
        "accepted",
        routes(("slow_conv_dilated",), *(f"padding {sign}{number}" for number in _LARGE for sign in ("", "-"))),
        ranks=(2,),
        **_TORCH,
    ),
    known(
        "slow-conv-transpose-unchecked",
        "Internal operators that believe the kernel size, not the filter, and take a negative output padding.",
        "accepted",
        routes(_TRANSPOSED_BELOW, "kernel size larger by one", "output padding -1"),
        **_TORCH,
    ),
    known(
        "slow-conv-transpose-filter-of-two-axes",
        "An internal operator that believes the kernel size, and takes a filter without spatial axes.",
        "accepted",
        routes(("slow_conv_transpose2d",), "a filter of two axes"),
        **_TORCH,
    ),
    known(
        "slow-conv-transpose-kernel-0-crash",
        "An internal operator that is given a kernel size of 0 ends the process.",
        "crashed",
        routes(("slow_conv_transpose3d",), "kernel size 0"),
        **_TORCH,
    ),
)
