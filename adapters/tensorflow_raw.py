"""TensorFlow's calls as they are asked raw arguments; groups are read off the shapes."""

from itertools import chain
from typing import Any

from convformance.adapters.contract import Domain
from convformance.adapters.layouts import shape_in
from convformance.adapters.raw import RawCall, raw_route

_GEOMETRY = ("stride", "dilation", "padding", "shapes", "rank", "dtype")
_WITHOUT_PADDING = ("stride", "dilation", "shapes", "rank", "dtype")
_SIZE = ("result size", "result shape")
_DENSE = Domain("one group", lambda request: request.problem.groups == 1)
_PLANE = _DENSE & Domain("two spatial axes", lambda request: request.problem.rank == 2)
_VOLUME = _DENSE & Domain("three spatial axes", lambda request: request.problem.rank == 3)
_DEPTHWISE = Domain("a group for each channel", lambda request: request.problem.groups > 1)
_ACTIVATIONS, _FILTERS = "N*C", "*IO"
# A depthwise filter has an axis of input channels, and one of the results of each.
_BY_CHANNEL = "*OI"


class TensorflowRaw:
    """Raw routes of TensorFlow: the functions that people call, and the kernels below them."""

    @raw_route("conv", "nn.convolution", arguments=(*_WITHOUT_PADDING, "bias"), domain=_DENSE)
    def raw_convolution(self, call: RawCall) -> str:
        conv = f"tf.nn.convolution(x, w, {call.stride}, 'VALID'{call.keywords(dilations=call.dilation)})"
        return f"tf.nn.bias_add({conv}, bias)" if call.bias else conv

    @raw_route("conv", "nn.conv2d", arguments=_GEOMETRY, domain=_PLANE)
    def raw_conv2d(self, call: RawCall) -> str:
        return f"tf.nn.conv2d(x, w, {_nn(call)})"

    @raw_route("conv", "nn.conv2d-unknown-shapes", arguments=_GEOMETRY, domain=_PLANE)
    def raw_conv2d_unknown(self, call: RawCall) -> str:
        return f"tf.function(lambda x, w: tf.nn.conv2d(x, w, {_nn(call)}), {_unknown('x', 'w')})(x, w)"

    @raw_route("conv", "raw_ops.Conv2D", arguments=_GEOMETRY, domain=_PLANE)
    def raw_op_conv2d(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv2D(input=x, filter=w, {_attributes(call)})"

    @raw_route("conv", "raw_ops.Conv3D", arguments=_WITHOUT_PADDING, domain=_VOLUME)
    def raw_op_conv3d(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv3D(input=x, filter=w, {_attributes(call)})"

    @raw_route("conv", "nn.depthwise_conv2d", arguments=_GEOMETRY, filters=_BY_CHANNEL, domain=_DEPTHWISE)
    def raw_depthwise(self, call: RawCall) -> str:
        return f"tf.nn.depthwise_conv2d(x, w, {(1, *call.stride, 1)}, {_padding(call)!r}{_dilations(call)})"

    @raw_route("conv", "raw_ops.DepthwiseConv2dNative", arguments=_GEOMETRY, filters=_BY_CHANNEL, domain=_DEPTHWISE)
    def raw_op_depthwise(self, call: RawCall) -> str:
        return f"tf.raw_ops.DepthwiseConv2dNative(input=x, filter=w, {_attributes(call)})"

    @raw_route("conv_transpose", "nn.conv_transpose", arguments=(*_WITHOUT_PADDING, *_SIZE), domain=_DENSE)
    def raw_conv_transpose(self, call: RawCall) -> str:
        dilations = call.keywords(dilations=call.dilation)
        return f"tf.nn.conv_transpose(x, w, {_result(call)}, {call.stride}, 'VALID'{dilations})"

    @raw_route("conv_transpose", "nn.conv2d_transpose", arguments=(*_GEOMETRY, *_SIZE), domain=_PLANE)
    def raw_conv2d_transpose(self, call: RawCall) -> str:
        return f"tf.nn.conv2d_transpose(x, w, {_result(call)}, {_nn(call)})"

    @raw_route("conv_transpose", "nn.conv2d_transpose-unknown-shapes", arguments=(*_GEOMETRY, *_SIZE), domain=_PLANE)
    def raw_conv2d_transpose_unknown(self, call: RawCall) -> str:
        function = f"lambda x, w, size: tf.nn.conv2d_transpose(x, w, size, {_nn(call)})"
        size = f"tf.constant({_result(call)}, tf.int32)"
        return f"tf.function({function}, {_unknown('x', 'w', 'size')})(x, w, {size})".replace("size.dtype", "tf.int32")

    @raw_route("conv_input_grad", "raw_ops.Conv2DBackpropInput", arguments=(*_GEOMETRY, *_SIZE), domain=_PLANE)
    def raw_op_backprop_input(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv2DBackpropInput(input_sizes={_result(call)}, {_BACKWARD_IN}, {_attributes(call)})"

    @raw_route(
        "conv_input_grad", "raw_ops.Conv3DBackpropInputV2", arguments=(*_WITHOUT_PADDING, *_SIZE), domain=_VOLUME
    )
    def raw_op_backprop_input3d(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv3DBackpropInputV2(input_sizes={_result(call)}, {_BACKWARD_IN}, {_attributes(call)})"

    @raw_route(
        "conv_input_grad", "raw_ops.DepthwiseConv2dNativeBackpropInput", arguments=(*_GEOMETRY, *_SIZE),
        filters=_BY_CHANNEL, domain=_DEPTHWISE,
    )  # fmt: skip
    def raw_op_depthwise_input(self, call: RawCall) -> str:
        operands = f"input_sizes={_result(call)}, {_BACKWARD_IN}"
        return f"tf.raw_ops.DepthwiseConv2dNativeBackpropInput({operands}, {_attributes(call)})"

    @raw_route("conv_filter_grad", "raw_ops.Conv2DBackpropFilter", arguments=(*_GEOMETRY, *_SIZE), domain=_PLANE)
    def raw_op_backprop_filter(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv2DBackpropFilter({_backward_filter(call, _FILTERS)}, {_attributes(call)})"

    @raw_route(
        "conv_filter_grad", "raw_ops.Conv3DBackpropFilterV2", arguments=(*_WITHOUT_PADDING, *_SIZE),
        domain=_VOLUME,
    )  # fmt: skip
    def raw_op_backprop_filter3d(self, call: RawCall) -> str:
        return f"tf.raw_ops.Conv3DBackpropFilterV2({_backward_filter(call, _FILTERS)}, {_attributes(call)})"

    @raw_route(
        "conv_filter_grad", "raw_ops.DepthwiseConv2dNativeBackpropFilter", arguments=(*_GEOMETRY, *_SIZE),
        filters=_BY_CHANNEL, domain=_DEPTHWISE,
    )  # fmt: skip
    def raw_op_depthwise_filter(self, call: RawCall) -> str:
        operands = _backward_filter(call, _BY_CHANNEL)
        return f"tf.raw_ops.DepthwiseConv2dNativeBackpropFilter({operands}, {_attributes(call)})"


_BACKWARD_IN = "filter=w, out_backprop=dy"


def _backward_filter(call: RawCall, filters: str) -> str:
    return f"input=x, filter_sizes={shape_in(call.result_shape, filters)}, out_backprop=dy"


def _result(call: RawCall) -> Any:
    return shape_in(call.result_shape, _ACTIVATIONS)


def _padding(call: RawCall) -> Any:
    """Return the padding as the functions take it: a word, or pairs for all axes of the array."""
    if isinstance(call.padding, str):
        return call.padding.upper()
    return [[0, 0], *map(list, call.padding), [0, 0]] if call.padding != ((0, 0),) * call.rank else "VALID"


def _dilations(call: RawCall) -> str:
    return call.keywords(dilations=call.dilation)


def _nn(call: RawCall) -> str:
    return f"{call.stride}, {_padding(call)!r}{_dilations(call)}"


def _attributes(call: RawCall) -> str:
    padding = _padding(call)
    pads = f"padding={padding!r}"
    if not isinstance(padding, str):
        pads = f"padding='EXPLICIT', explicit_paddings={[*chain(*padding)]}"
    dilations = f", dilations={(1, *call.dilation, 1)}" if _dilations(call) else ""
    return f"strides={(1, *call.stride, 1)}, {pads}{dilations}"


def _unknown(*names: str) -> str:
    """Return the signature of a function of arrays of which nothing but the dtype is known."""
    return f"[{', '.join(f'tf.TensorSpec(None, {name}.dtype)' for name in names)}]"
