"""ONNX Runtime's operators as they are asked raw arguments: attributes of a node that says whatever it likes.

What the runtime does depends on what it knows while it loads a model: whether shapes are declared, whether the filter
is a constant.
"""

from typing import Any

from convformance.adapters.raw import RawCall, raw_route

_GEOMETRY = ("stride", "dilation", "padding", "groups", "kernel size", "shapes", "rank", "dtype", "bias")
_SIZED = (*_GEOMETRY, "output padding", "result size")
_OPSET, _IR_VERSION = 22, 10


class OnnxruntimeRaw:
    """Raw routes of ONNX Runtime."""

    @raw_route("conv", "Conv", arguments=_GEOMETRY)
    def raw_conv(self, call: RawCall) -> str:
        return _model("Conv", call)

    @raw_route("conv", "Conv-constant-filter", arguments=_GEOMETRY)
    def raw_conv_constant(self, call: RawCall) -> str:
        return _model("Conv", call, constant=True)

    @raw_route("conv", "Conv-unknown-shapes", arguments=_GEOMETRY)
    def raw_conv_unknown(self, call: RawCall) -> str:
        return _model("Conv", call, shapes=False)

    @raw_route("conv", "Conv-constant-filter-unknown-shapes", arguments=_GEOMETRY)
    def raw_conv_constant_unknown(self, call: RawCall) -> str:
        return _model("Conv", call, constant=True, shapes=False)

    @raw_route("conv_transpose", "ConvTranspose", arguments=_SIZED)
    def raw_conv_transpose(self, call: RawCall) -> str:
        return _model("ConvTranspose", call)

    @raw_route("conv_transpose", "ConvTranspose-constant-filter", arguments=_SIZED)
    def raw_conv_transpose_constant(self, call: RawCall) -> str:
        return _model("ConvTranspose", call, constant=True)

    @raw_route("conv_transpose", "ConvTranspose-unknown-shapes", arguments=_SIZED)
    def raw_conv_transpose_unknown(self, call: RawCall) -> str:
        return _model("ConvTranspose", call, shapes=False)

    @raw_route("conv_transpose", "ConvTranspose-constant-filter-unknown-shapes", arguments=_SIZED)
    def raw_conv_transpose_constant_unknown(self, call: RawCall) -> str:
        return _model("ConvTranspose", call, constant=True, shapes=False)


def _attributes(operator: str, call: RawCall) -> str:
    """Return the attributes that a node is given: those that change something, and those that are asked."""
    if isinstance(call.padding, str):
        pads: dict[str, Any] = {"auto_pad": call.padding.upper()}
    else:
        pads = {"pads": (*(pair[0] for pair in call.padding), *(pair[1] for pair in call.padding))}
        pads = {} if pads["pads"] == (0, 0) * call.rank else pads
    if "kernel_size" in call.changed:
        pads["kernel_shape"] = call.kernel_size
    if operator == "ConvTranspose" and "result_shape" in call.changed:
        pads["output_shape"] = call.result_shape[2:] if len(call.result_shape) > 1 else call.result_shape
    stated = "".join(f", {name}={value!r}" for name, value in pads.items())
    geometry = call.keywords(strides=call.stride, dilations=call.dilation, group=call.groups)
    output = call.keywords(output_padding=call.output_padding) if operator == "ConvTranspose" else ""
    return f"{stated}{geometry}{output}"


def _model(operator: str, call: RawCall, *, constant: bool = False, shapes: bool = True) -> str:
    """Return the lines that make a model of one node and run it."""
    operands = list(call.shapes)
    inputs = ", ".join(f'"{name}": {name}' for name in operands if not (constant and name == "w"))
    constants = ', [numpy_helper.from_array(w, "w")]' if constant else ""
    shape = "a.shape" if shapes else "None"
    return f"""\
inputs = {{{inputs}}}
element = helper.np_dtype_to_tensor_dtype
node = helper.make_node("{operator}", {operands}, ["y"]{_attributes(operator, call)})
infos = [helper.make_tensor_value_info(n, element(a.dtype), {shape}) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y", element(x.dtype), None)
graph = helper.make_graph([node], "case", infos, [result]{constants})
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {_OPSET})], ir_version={_IR_VERSION})
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""
