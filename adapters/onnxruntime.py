"""ONNX Runtime: ``Conv``, ``ConvTranspose``, ``ConvInteger`` in models of one node, without gradients of the filter."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_raw
from convformance.adapters.contract import Domain, in_memory, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.adapters.onnxruntime_beyond import (
    IR_VERSION,
    OPSET,
    TYPES,
    Attributes,
    Node,
    OnnxruntimeBeyond,
    following_nodes,
    geometry,
)
from convformance.adapters.onnxruntime_raw import OnnxruntimeRaw
from convformance.reference.arrays import Array
from convformance.reference.dtypes import INTEGERS
from convformance.reference.problem import OUTPUTS, Problem

_BYTES = of_numbers("int8 and uint8, with zero points", *(set(INTEGERS) - {"int32"}), zero_points=True)
_AUTO_PADS = {"valid": "VALID", "same_upper": "SAME_UPPER", "same_lower": "SAME_LOWER"}


class Onnxruntime(OnnxruntimeRaw, OnnxruntimeBeyond):
    """ONNX Runtime on the CPU; the filter is an input of the model, or a constant as in exported ones."""

    name = "onnxruntime"
    known_divergences = (*known.ONNXRUNTIME, *known_raw.ONNXRUNTIME_RAW)
    kinds_seen = known.KINDS_SEEN
    looked_at = "1.32.0"
    requires = ("onnxruntime", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"filter": ("input", "constant"), "threads": THREADS}
    refusals = (
        r"NOT_IMPLEMENTED",
        r"Dilation not supported for AutoPadType",
        r"must not contain negative values",
        r"Invalid input shape: ",
        r"Computed output (dimension is <= 0|shape is inconsistent)",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import onnx
        import onnxruntime

        self.onnx, self.runtime = onnx, onnxruntime
        self._session: tuple[Any, Any] = None, None
        self.settings = onnxruntime.SessionOptions()
        self.settings.intra_op_num_threads = thread_count(self.mode["threads"])
        self.settings.inter_op_num_threads = 1
        self.settings.log_severity_level = 4

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return the layouts without strides: a tensor of ONNX Runtime has none, and others are copied."""
        return in_memory("unaligned", "guarded")

    def notation(self) -> Notation:
        """Return how a script writes ONNX Runtime, with its threads where they are not the default."""
        imports = "import numpy as np", "import onnxruntime as ort", "from onnx import helper, numpy_helper"
        threads = "settings = ort.SessionOptions()", f"settings.intra_op_num_threads = {self.mode['threads']}"
        return Notation(setup=(*imports, *(threads if self._has_threads else ())))

    @property
    def _has_threads(self) -> bool:
        return self.mode["threads"] != self.options["threads"][0]

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the model of one node for each operator, and the session that runs it."""
        x = names.get("input") or names["output"]
        texts = {
            "conv": self._model_text("Conv", _conv_attributes(problem), x, bias),
            "conv_transpose": self._model_text("ConvTranspose", _transposed_attributes(problem), x, bias),
            "conv_integer": self._integer_model_text(problem, x),
            **self._beyond_fields(problem, x, bias, large="input" in names),
        }
        if not self._has_threads:
            return texts
        return {name: text.replace("ToString(), ", "ToString(), settings, ") for name, text in texts.items()}

    def _conv_nodes(self, problem: Problem) -> tuple[Node, ...]:
        return ("Conv", _conv_attributes(problem), ("x", "w", "bias")), *following_nodes(problem)

    def _transposed_nodes(self, problem: Problem) -> tuple[Node, ...]:
        return ("ConvTranspose", _transposed_attributes(problem), ("x", "w", "bias")), *following_nodes(problem)

    def _model_text(self, operator: str, attributes: Attributes, x: str, bias: str) -> str:
        is_constant = self.mode["filter"] == "constant"
        operands = [x, "w", *filter(None, [bias.strip(", ")])]
        inputs = ", ".join(f'"{name}": {name}' for name in operands if not (is_constant and name == "w"))
        constants = ', [numpy_helper.from_array(w, "w")]' if is_constant else ""
        return f"""\
inputs = {{{inputs}}}
element = helper.np_dtype_to_tensor_dtype({x}.dtype)
node = helper.make_node("{operator}", {operands}, ["y"]{options(**dict(attributes))})
infos = [helper.make_tensor_value_info(n, element, a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y", element, None)
graph = helper.make_graph([node], "case", infos, [result]{constants})
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {OPSET})], ir_version={IR_VERSION})
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""

    def _integer_model_text(self, problem: Problem, x: str) -> str:
        zeros = "".join(
            f', "{name}": np.array({zero}, {name[0]}.dtype)' for name, zero in _zero_points(problem).items()
        )
        is_constant = self.mode["filter"] == "constant"
        constants = ', [numpy_helper.from_array(w, "w")]' if is_constant else ""
        inputs = f'"{x}": {x}' if is_constant else f'"{x}": {x}, "w": w'
        attributes = options(**dict(_conv_attributes(problem)))
        return f"""\
inputs = {{{inputs}{zeros}}}
node = helper.make_node("ConvInteger", {_input_names(x, [*_zero_points(problem)])}, ["y"]{attributes})
of = helper.np_dtype_to_tensor_dtype
infos = [helper.make_tensor_value_info(n, of(a.dtype), a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y", of(np.dtype("int32")), None)
graph = helper.make_graph([node], "case", infos, [result]{constants})
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {OPSET})], ir_version={IR_VERSION})
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""

    @route("conv", "Conv", script="{conv}")
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        """``Conv``, with ``auto_pad`` where the padding is a symbol that ONNX has."""
        return self._evaluate("Conv", _conv_attributes(problem), {"x": x, "w": w}, bias)

    @route("conv", "ConvInteger", script="{conv_integer}", numbers=_BYTES)
    def conv_integer(self, problem: Problem, x: Array, w: Array) -> Any:
        """``ConvInteger``, with the zero points that are not 0."""
        zeros = {
            name: np.array(zero, (x, w)[name != "x_zero_point"].dtype) for name, zero in _zero_points(problem).items()
        }
        return self._evaluate("ConvInteger", _conv_attributes(problem), {"x": x, "w": w, **zeros}, None)

    @route("conv_input_grad", "ConvTranspose", script="{conv_transpose}")
    @route("conv_transpose", "ConvTranspose", script="{conv_transpose}", offers=(OUTPUTS,))
    def conv_transpose(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Any:
        """``ConvTranspose`` with explicit pads and output padding."""
        return self._evaluate("ConvTranspose", _transposed_attributes(problem), {"x": y, "w": w}, bias)

    def _evaluate(
        self, operator: str, attributes: Attributes, operands: Mapping[str, Array], bias: Array | None
    ) -> Any:
        constants, inputs = {}, dict(operands) if bias is None else {**operands, "b": bias}
        if self.mode["filter"] == "constant":
            constants["w"] = inputs.pop("w")
        shapes = tuple((name, array.shape) for name, array in inputs.items())
        types = tuple(str(array.dtype) for array in inputs.values())
        key = operator, attributes, types, shapes, *(array.tobytes() for array in constants.values())
        if self._session[0] != key:
            model = self._model(operator, attributes, inputs, constants)
            self._session = key, self.runtime.InferenceSession(model, self.settings, providers=["CPUExecutionProvider"])
        return self._session[1].run(None, inputs)[0]

    def _model(
        self, operator: str, attributes: Attributes, inputs: Mapping[str, Array], constants: Mapping[str, Array]
    ) -> bytes:
        """Return a serialised model of one node."""
        helper, proto = self.onnx.helper, self.onnx.TensorProto
        kinds = {name: getattr(proto, TYPES[str(array.dtype)]) for name, array in {**inputs, **constants}.items()}
        names = _input_names("x", [name for name in inputs if name not in ("x", "w")])
        result = proto.INT32 if operator == "ConvInteger" else kinds["x"]
        graph = helper.make_graph(
            [helper.make_node(operator, names, ["y"], **dict(attributes))],
            "convformance",
            [helper.make_tensor_value_info(name, kinds[name], array.shape) for name, array in inputs.items()],
            [helper.make_tensor_value_info("y", result, None)],
            [
                helper.make_tensor(name, kinds[name], array.shape, array.tobytes(), raw=True)
                for name, array in constants.items()
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised


def _input_names(x: str, others: Sequence[str]) -> list[str]:
    """Return the inputs of a node in order, an empty name for a zero point that is left out before another."""
    left_out = [""] if list(others) == ["w_zero_point"] else []
    return [x, "w", *left_out, *others]


def _zero_points(problem: Problem) -> dict[str, int]:
    """Return the zero points that are not 0, by the names of the operator's inputs."""
    named = zip(("x_zero_point", "w_zero_point"), problem.zero_points, strict=True)
    return {name: zero for name, zero in named if zero}


def _conv_attributes(problem: Problem) -> Attributes:
    symbol = _AUTO_PADS.get(problem.symbol or "")
    return *geometry(problem), ("auto_pad", symbol) if symbol else ("pads", _pads(problem))


def _transposed_attributes(problem: Problem) -> Attributes:
    return *geometry(problem), ("pads", _pads(problem)), ("output_padding", problem.output_padding)


def _pads(problem: Problem) -> tuple[int, ...]:
    """Return all the low sides, then all the high ones."""
    return (*(lo for lo, _ in problem.padding), *(hi for _, hi in problem.padding))
