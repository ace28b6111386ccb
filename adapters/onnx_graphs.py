"""ONNX models of a convolution: nodes in a row, serialised, and the same as the text of a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convformance.adapters.beyond import numbers
from convformance.adapters.bits import dtype_named
from convformance.adapters.notation import options
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.problem import Problem

# The first operator set in which Conv is defined for bfloat16, and the file format that goes with it.
OPSET, IR_VERSION = 22, 10
TYPES = {
    **{"float64": "DOUBLE", "float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "BFLOAT16"},
    **{"int8": "INT8", "uint8": "UINT8", "int32": "INT32", "int64": "INT64"},
}
SYMBOLS = {"valid": "VALID", "same_upper": "SAME_UPPER", "same_lower": "SAME_LOWER"}
BORDERS = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}
_STATISTICS = ("mean", "variance", "shift", "scale")

Attributes = tuple[tuple[str, Any], ...]
# An operator, its attributes, and the names of its inputs; its output is the input of the next.
Node = tuple[str, Attributes, tuple[str, ...]]


@dataclass(frozen=True)
class Graph:
    """Nodes in a row, the names of the operands that they read, and inputs of theirs that are always constants."""

    nodes: tuple[Node, ...]
    operands: tuple[str, ...]
    constants: Mapping[str, Array] = field(default_factory=dict)

    def serialised(
        self, onnx: Any, inputs: Mapping[str, tuple[tuple[int, ...], str]], stored: Mapping[str, Array], result: str
    ) -> bytes:
        """Return the model whose inputs have these shapes and dtypes; ``stored`` are operands that are constants."""
        helper = onnx.helper
        kinds = {dtype: getattr(onnx.TensorProto, name) for dtype, name in TYPES.items()}
        constants = {**{name: _cast(array, result) for name, array in self.constants.items()}, **stored}
        graph = helper.make_graph(
            [self._node(helper, index, {*inputs, *constants}) for index in range(len(self.nodes))],
            "case",
            [helper.make_tensor_value_info(name, kinds[dtype], shape) for name, (shape, dtype) in inputs.items()],
            [helper.make_tensor_value_info(f"y{len(self.nodes) - 1}", kinds[result], [None] * len(inputs["x"][0]))],
            [
                helper.make_tensor(name, kinds[str(array.dtype)], array.shape, array.tobytes(), raw=True)
                for name, array in constants.items()
            ],
        )
        opset = helper.make_opsetid("", OPSET)
        serialised: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION).SerializeToString()
        return serialised

    def _node(self, helper: Any, index: int, known: set[str]) -> Any:
        name, attributes, reads = self.nodes[index]
        return helper.make_node(name, _read(reads, known), [f"y{index}"], **dict(attributes))

    def text(self, first: str, bias: str, running: str, *, stored: Sequence[str] = (), result: str = "") -> str:
        """Return the lines of a script that make the model and run it by the lines ``running``.

        ``first``: what the script calls the operand ``x``; ``bias``: ``", bias"`` or empty; ``stored``: the operands
        that are constants; ``result``: the dtype of the result, where it is not that of the operands.
        """
        operands = {"x": first, "w": "w", **({"bias": "bias"} if bias else {})}
        inputs = {name: text for name, text in operands.items() if name not in stored}
        arrays = {name: _array_text(name, array, first) for name, array in self.constants.items()}
        arrays |= {name: text for name, text in operands.items() if name not in inputs}
        initial = ", ".join(f'numpy_helper.from_array({text}, "{name}")' for name, text in arrays.items())
        nodes = (self._node_text(index, {*operands, *self.constants}) for index in range(len(self.nodes)))
        kind = f'np.dtype("{result}")' if result else f"{first}.dtype"
        return f"""\
inputs = {{{", ".join(f'"{name}": {text}' for name, text in inputs.items())}}}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [{", ".join(nodes)}]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y{len(self.nodes) - 1}", kind({kind}), [None] * {first}.ndim)
graph = helper.make_graph(nodes, "case", infos, [result]{f", [{initial}]" if initial else ""})
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {OPSET})], ir_version={IR_VERSION})
{running}"""

    def _node_text(self, index: int, known: set[str]) -> str:
        name, attributes, reads = self.nodes[index]
        return f'helper.make_node("{name}", {_read(reads, known)}, ["y{index}"]{options(**dict(attributes))})'


def _read(reads: Sequence[str], known: set[str]) -> list[str]:
    """Return the inputs of a node that exist, an empty name for one that is left out before another."""
    names = [name if name in known or name.startswith("y") else "" for name in reads]
    while names and not names[-1]:
        names.pop()
    return names


def _cast(array: Array, dtype: str) -> Array:
    """Return the numbers of a batch normalisation in the dtype of the question, and any other constant as it is."""
    return array.astype(dtype_named(dtype)) if array.dtype == np.float64 else array


def _array_text(name: str, array: Array, first: str) -> str:
    own = {"pads": "np.int64", "w_zero_point": "w.dtype"}
    return f"np.array({array.tolist()}, {own.get(name, f'{first}.dtype')})"


def convolution(problem: Problem) -> Graph:
    """Return ``Conv``, with ``auto_pad`` where the padding is a symbol that ONNX has, and what follows it."""
    symbol = SYMBOLS.get(problem.symbol or "")
    pads = ("auto_pad", symbol) if symbol else ("pads", _pads(problem.padding))
    return _followed(("Conv", (*_geometry(problem), pads), ("x", "w", "bias")), problem, problem.out_channels)


def transposed(problem: Problem) -> Graph:
    """Return ``ConvTranspose`` with explicit pads and output padding, and what follows it."""
    attributes = (*_geometry(problem), ("pads", _pads(problem.padding)), ("output_padding", problem.output_padding))
    return _followed(("ConvTranspose", attributes, ("x", "w", "bias")), problem, problem.in_channels)


def integers(problem: Problem, dtypes: tuple[str, str]) -> Graph:
    """Return ``ConvInteger`` with the zero points that are not 0."""
    names = ("x_zero_point", "w_zero_point")
    zeros = zip(names, problem.zero_points, dtypes, strict=True)
    constants = {name: np.array(zero, dtype) for name, zero, dtype in zeros if zero}
    _, attributes, _ = convolution(problem).nodes[0]
    return Graph((("ConvInteger", attributes, ("x", "w", *names)),), ("x", "w"), constants)


def bordered(problem: Problem) -> Graph:
    """Return ``Pad`` and the convolution of what it gives."""
    lows, highs = zip(*problem.padding, strict=True)
    pad: Node = "Pad", (("mode", BORDERS.get(problem.border, "constant")),), ("x", "pads")
    conv: Node = "Conv", _geometry(problem), ("y0", "w", "bias")
    pads = np.array([0, 0, *lows, 0, 0, *highs], np.int64)
    return Graph((pad, conv), ("x", "w", "bias"), {"pads": pads})


def filter_gradient(problem: Problem) -> Graph:
    """Return ``Conv`` of the data with the upstream, images and channels exchanged, stride and dilation, too.

    ``x`` is ``(C / groups, groups * N, *input_size)`` and ``w`` ``(O, N, *output_size)``; the result may have more
    taps than the kernel has, as a pad is not negative.
    """
    pads = [(max(lo, 0), max(hi, 0)) for lo, hi in problem.filter_gradient_padding]
    geometry = _geometry_of(problem.output_size, problem.dilation, problem.stride, problem.groups)
    return Graph((("Conv", (*geometry, ("pads", _pads(pads))), ("x", "w")),), ("x", "w"))


def _followed(first: Node, problem: Problem, channels: int) -> Graph:
    """Return a node and what the problem has behind it; a batch normalisation's numbers are constants."""
    normal: Node = "BatchNormalization", (("epsilon", EPSILON),), ("y0", "scale", "shift", "mean", "variance")
    normals = (normal,) if normalises(problem.then) else ()
    relus: tuple[Node, ...] = (("Relu", (), (f"y{len(normals)}",)),) if rectifies(problem.then) else ()
    constants = zip(_STATISTICS, numbers(channels, np.float64, lambda array: array), strict=True)
    return Graph((first, *normals, *relus), ("x", "w", "bias"), dict(constants) if normals else {})


def _geometry(problem: Problem) -> Attributes:
    return _geometry_of(problem.kernel_size, problem.stride, problem.dilation, problem.groups)


def _geometry_of(kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], groups: int) -> Attributes:
    return ("kernel_shape", tuple(kernel)), ("strides", stride), ("dilations", dilation), ("group", groups)


def _pads(padding: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return all the low sides, then all the high ones."""
    return (*(lo for lo, _ in padding), *(hi for _, hi in padding))
