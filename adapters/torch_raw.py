"""PyTorch's calls as they are asked raw arguments: those that people write, and the operators below them."""

from convformance.adapters.contract import Domain
from convformance.adapters.raw import RawCall, raw_route

_GEOMETRY = ("stride", "dilation", "padding", "groups", "shapes", "rank", "dtype")
_SIZE = ("result size", "result shape")
_PLANE = Domain("two spatial axes", lambda request: request.problem.rank == 2 and request.problem.groups == 1)
_VOLUME = Domain("three spatial axes", lambda request: request.problem.rank == 3 and request.problem.groups == 1)
# The operators below take a geometry without groups.
_WITHOUT_GROUPS = ("stride", "padding", "kernel size", "shapes", "rank", "dtype", "bias")


class TorchRaw:
    """Raw routes of PyTorch."""

    @raw_route("conv", "F.conv", arguments=(*_GEOMETRY, "bias"))
    def raw_conv(self, call: RawCall) -> str:
        return f"F.conv{call.rank}d(x, w{call.bias}{_geometry(call)})"

    @raw_route("conv", "F.conv-without-oneDNN", arguments=(*_GEOMETRY, "bias"))
    def raw_conv_without_onednn(self, call: RawCall) -> str:
        return f"torch.backends.mkldnn.enabled = False\n{self.raw_conv(call)}"

    @raw_route("conv", "mkldnn_convolution", arguments=(*_GEOMETRY, "bias"))
    def raw_mkldnn(self, call: RawCall) -> str:
        arguments = f"{call.sides}, {call.stride}, {call.dilation}, {call.groups}"
        return f"torch.mkldnn_convolution(x, w, {_bias(call)}, {arguments})"

    @raw_route(
        "conv", "_nnpack_spatial_convolution", arguments=("stride", "padding", "shapes", "rank", "dtype", "bias"),
        domain=_PLANE,
    )  # fmt: skip
    def raw_nnpack(self, call: RawCall) -> str:
        return f"torch._nnpack_spatial_convolution(x, w, {_bias(call)}, {call.sides}, {call.stride})"

    @raw_route("conv", "_slow_conv2d_forward", arguments=_WITHOUT_GROUPS, domain=_PLANE)
    def raw_slow_conv2d(self, call: RawCall) -> str:
        return f"torch.ops.aten._slow_conv2d_forward(x, w, {_below(call)})"

    @raw_route("conv", "slow_conv3d", arguments=_WITHOUT_GROUPS, domain=_VOLUME)
    def raw_slow_conv3d(self, call: RawCall) -> str:
        return f"torch.ops.aten.slow_conv3d(x, w, {_below(call)})"

    @raw_route("conv", "slow_conv_dilated", arguments=("dilation", *_WITHOUT_GROUPS), domain=_PLANE)
    def raw_slow_conv_dilated2d(self, call: RawCall) -> str:
        return f"torch.ops.aten.slow_conv_dilated2d(x, w, {_below(call)}, {call.dilation})"

    @raw_route("conv", "slow_conv_dilated", arguments=("dilation", *_WITHOUT_GROUPS), domain=_VOLUME)
    def raw_slow_conv_dilated3d(self, call: RawCall) -> str:
        return f"torch.ops.aten.slow_conv_dilated3d(x, w, {_below(call)}, {call.dilation})"

    @raw_route("conv_transpose", "F.conv_transpose", arguments=(*_GEOMETRY, "output padding", "bias"))
    def raw_conv_transpose(self, call: RawCall) -> str:
        output_padding = call.keywords(output_padding=call.output_padding)
        return f"F.conv_transpose{call.rank}d(x, w{call.bias}{_geometry(call)}{output_padding})"

    @raw_route("conv_transpose", "F.conv_transpose-without-oneDNN", arguments=(*_GEOMETRY, "output padding", "bias"))
    def raw_conv_transpose_without_onednn(self, call: RawCall) -> str:
        return f"torch.backends.mkldnn.enabled = False\n{self.raw_conv_transpose(call)}"

    @raw_route(
        "conv_transpose", "slow_conv_transpose2d", arguments=("dilation", "output padding", *_WITHOUT_GROUPS),
        domain=_PLANE,
    )  # fmt: skip
    def raw_slow_conv_transpose2d(self, call: RawCall) -> str:
        return f"torch.ops.aten.slow_conv_transpose2d(x, w, {_below(call)}, {call.output_padding}, {call.dilation})"

    @raw_route(
        "conv_transpose", "slow_conv_transpose3d", arguments=("dilation", "output padding", *_WITHOUT_GROUPS),
        domain=_VOLUME,
    )  # fmt: skip
    def raw_slow_conv_transpose3d(self, call: RawCall) -> str:
        return f"torch.ops.aten.slow_conv_transpose3d(x, w, {_below(call)}, {call.output_padding}, {call.dilation})"

    @raw_route("conv_input_grad", "convolution_backward", arguments=(*_GEOMETRY, *_SIZE))
    def raw_backward_input(self, call: RawCall) -> str:
        return f"x = dy.new_zeros(()).expand({call.result_shape})\n{_backward(call)}[0]"

    @raw_route("conv_filter_grad", "convolution_backward", arguments=(*_GEOMETRY, *_SIZE))
    def raw_backward_filter(self, call: RawCall) -> str:
        return f"w = dy.new_zeros(()).expand({call.result_shape})\n{_backward(call)}[1]"

    @raw_route("conv_input_grad", "nn.grad", arguments=(*_GEOMETRY, *_SIZE))
    def raw_grad_input(self, call: RawCall) -> str:
        return f"torch.nn.grad.conv{call.rank}d_input({call.result_shape}, w, dy{_geometry(call)})"

    @raw_route("conv_filter_grad", "nn.grad", arguments=(*_GEOMETRY, *_SIZE))
    def raw_grad_weight(self, call: RawCall) -> str:
        return f"torch.nn.grad.conv{call.rank}d_weight(x, {call.result_shape}, dy{_geometry(call)})"


def _geometry(call: RawCall) -> str:
    return call.keywords(stride=call.stride, padding=call.sides, dilation=call.dilation, groups=call.groups)


def _bias(call: RawCall) -> str:
    return call.bias.strip(", ") or "None"


def _below(call: RawCall) -> str:
    """Return the arguments behind the operands of an operator that is given the size of the kernel."""
    return f"{call.kernel_size}, {_bias(call)}, {call.stride}, {call.sides}"


def _backward(call: RawCall) -> str:
    wanted = [call.operation == "conv_input_grad", call.operation == "conv_filter_grad", False]
    geometry = f"{call.stride}, {call.sides}, {call.dilation}, False, {(0,) * call.rank}, {call.groups}"
    return f"torch.ops.aten.convolution_backward(dy, x, w, None, {geometry}, {wanted})"
