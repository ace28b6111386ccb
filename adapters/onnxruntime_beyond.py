"""ONNX Runtime beyond an ordinary convolution: ``Pad`` in front of it, ``Relu`` and ``BatchNormalization`` behind.

What follows a convolution is fused into it when a session is made; a batch normalisation only where the filter is a
constant of the model, as in exported ones.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convformance.adapters.beyond import FOLLOWED, NORMALISED, numbers, repeated
from convformance.adapters.contract import Adapter, route
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.problem import BORDER, THEN, Problem

_MODES = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}
_REPEATED = repeated(_MODES)
# The first operator set in which Conv is defined for bfloat16, and the file format that goes with it.
OPSET, IR_VERSION = 22, 10
TYPES = {
    **{"float64": "DOUBLE", "float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "BFLOAT16"},
    **{"int8": "INT8", "uint8": "UINT8", "int32": "INT32"},
}
_STATISTICS = ("mean", "variance", "shift", "scale")

Attributes = tuple[tuple[str, Any], ...]
# An operator, its attributes, and the names of its inputs; its output is the input of the next.
Node = tuple[str, Attributes, tuple[str, ...]]


class OnnxruntimeBeyond(Adapter):
    """The routes of ONNX Runtime that offer a border or something that follows; a part of the adapter for it."""

    onnx: Any
    runtime: Any
    settings: Any

    @route("conv", "Pad and Conv", script="{bordered}", domain=_REPEATED, offers=(BORDER,))
    def pad_and_convolve(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        return self._chained(_bordered(problem), problem, x, w, bias)

    @route("conv", "Conv and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def convolve_and_follow(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        return self._chained(self._conv_nodes(problem), problem, x, w, bias)

    @route("conv", "Conv of a constant, folded", script="{folded}", domain=NORMALISED, offers=(THEN,))
    def convolve_folded(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        return self._chained(self._conv_nodes(problem), problem, x, w, bias, constant=True)

    @route("conv_transpose", "ConvTranspose and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def transpose_and_follow(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Any:
        return self._chained(self._transposed_nodes(problem), problem, y, w, bias)

    def _conv_nodes(self, problem: Problem) -> tuple[Node, ...]:
        """Return the nodes of a convolution and what follows."""
        raise NotImplementedError

    def _transposed_nodes(self, problem: Problem) -> tuple[Node, ...]:
        """Return the nodes of a transposed convolution and what follows."""
        raise NotImplementedError

    def _chained(
        self,
        nodes: tuple[Node, ...],
        problem: Problem,
        x: Array,
        w: Array,
        bias: Array | None,
        *,
        constant: bool = False,
    ) -> Any:
        """Return what the model of these nodes makes of its inputs."""
        inputs = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
        constants = _constants(nodes, problem, x.dtype)
        if constant or self.mode["filter"] == "constant":
            constants |= {name: inputs.pop(name) for name in ("w", "bias") if name in inputs}
        model = self._chain(nodes, inputs, constants)
        session = self.runtime.InferenceSession(model, self.settings, providers=["CPUExecutionProvider"])
        return session.run(None, inputs)[0]

    def _chain(self, nodes: tuple[Node, ...], inputs: Mapping[str, Array], constants: Mapping[str, Array]) -> bytes:
        """Return a serialised model of nodes in a row."""
        helper = self.onnx.helper
        known = {*inputs, *constants}
        kind = self._kind(inputs["x"])
        listed_nodes = [
            helper.make_node(
                name,
                [each for each in reads if each in known or each.startswith("y")],
                [f"y{index}"],
                **dict(attributes),
            )
            for index, (name, attributes, reads) in enumerate(nodes)
        ]
        graph = helper.make_graph(
            listed_nodes,
            "convformance",
            [helper.make_tensor_value_info(name, kind, array.shape) for name, array in inputs.items()],
            [helper.make_tensor_value_info(f"y{len(nodes) - 1}", kind, None)],
            [
                helper.make_tensor(name, self._kind(array), array.shape, array.tobytes(), raw=True)
                for name, array in constants.items()
            ],
        )
        opset = helper.make_opsetid("", OPSET)
        serialised: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION).SerializeToString()
        return serialised

    def _kind(self, array: Array) -> Any:
        return getattr(self.onnx.TensorProto, TYPES.get(str(array.dtype), str(array.dtype).upper()))

    def _beyond_fields(self, problem: Problem, x: str, bias: str, *, large: bool) -> dict[str, str]:
        nodes = self._conv_nodes(problem) if large else self._transposed_nodes(problem)
        is_constant = self.mode["filter"] == "constant"
        return {
            "bordered": _chain_text(_bordered(problem), problem, x, bias, is_constant),
            "followed": _chain_text(nodes, problem, x, bias, is_constant),
            "folded": _chain_text(nodes, problem, x, bias, constant=True),
        }


def _bordered(problem: Problem) -> tuple[Node, ...]:
    """Return a padding and a convolution of what it gives."""
    pad: Node = "Pad", (("mode", _MODES.get(problem.border, "constant")),), ("x", "pads")
    return pad, ("Conv", geometry(problem), ("y0", "w", "bias"))


def geometry(problem: Problem) -> Attributes:
    """Return the attributes of a convolution without its padding."""
    return (
        ("kernel_shape", problem.kernel_size),
        ("strides", problem.stride),
        ("dilations", problem.dilation),
        ("group", problem.groups),
    )


def following_nodes(problem: Problem) -> tuple[Node, ...]:
    """Return the nodes that follow a first one."""
    normal: Node = "BatchNormalization", (("epsilon", EPSILON),), ("y0", "scale", "shift", "mean", "variance")
    nodes = (normal,) if normalises(problem.then) else ()
    return (*nodes, ("Relu", (), (f"y{len(nodes)}",))) if rectifies(problem.then) else nodes


def _constants(nodes: tuple[Node, ...], problem: Problem, dtype: Any) -> dict[str, Array]:
    """Return the inputs of the nodes that are no operands."""
    constants: dict[str, Array] = {}
    if nodes[0][0] == "Pad":
        lows, highs = zip(*problem.padding, strict=True)
        constants["pads"] = np.array([0, 0, *lows, 0, 0, *highs], np.int64)
    if any(name == "BatchNormalization" for name, _, _ in nodes):
        channels = problem.in_channels if nodes[0][0] == "ConvTranspose" else problem.out_channels
        constants |= dict(zip(_STATISTICS, numbers(channels, dtype, lambda array: array), strict=True))
    return constants


def _chain_text(nodes: tuple[Node, ...], problem: Problem, x: str, bias: str, constant: bool) -> str:
    operands = [x, "w", *filter(None, [bias.strip(", ")])]
    inputs = [name for name in operands if name == x or not constant]
    stored = _constants(nodes, problem, np.float32)
    listed_nodes = "".join(_node_text(index, node, x, {*operands, *stored}) for index, node in enumerate(nodes))
    arrays = ", ".join(
        [
            f"np.array({array.tolist()}, {'np.int64' if name == 'pads' else f'{x}.dtype'})"
            for name, array in stored.items()
        ]
    )
    names = [*stored, *(name for name in operands if name not in inputs)]
    values = ", ".join(filter(None, [arrays, *(name for name in operands if name not in inputs)]))
    constants = f"[numpy_helper.from_array(array, name) for name, array in zip({names}, [{values}])]" if names else "[]"
    return f"""\
inputs = {{{", ".join(f'"{name}": {name}' for name in inputs)}}}
element = helper.np_dtype_to_tensor_dtype({x}.dtype)
nodes = [{listed_nodes.rstrip(", ")}]
infos = [helper.make_tensor_value_info(n, element, a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y{len(nodes) - 1}", element, None)
constants = {constants}
graph = helper.make_graph(nodes, "case", infos, [result], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {OPSET})], ir_version={IR_VERSION})
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""


def _node_text(index: int, node: Node, x: str, known: set[str]) -> str:
    name, attributes, reads = node
    read = [x if each == "x" else each for each in reads if each == "x" or each in known or each.startswith("y")]
    stated = "".join(f", {key}={value!r}" for key, value in attributes)
    return f'helper.make_node("{name}", {read}, ["y{index}"]{stated}), '
