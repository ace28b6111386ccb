"""ONNX Runtime: the operators ``Conv`` and ``ConvTranspose`` in models of one node, without gradients of the filter."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters import known
from convformance.adapters.contract import Adapter, Domain, in_memory, route
from convformance.adapters.notation import Notation, options
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

# The first operator set in which Conv is defined for bfloat16, and the file format that goes with it.
_OPSET, _IR_VERSION = 22, 10
_TYPES = {"float64": "DOUBLE", "float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "BFLOAT16"}
_AUTO_PADS = {"valid": "VALID", "same_upper": "SAME_UPPER", "same_lower": "SAME_LOWER"}

Attributes = tuple[tuple[str, Any], ...]


class Onnxruntime(Adapter):
    """ONNX Runtime on the CPU, one thread; the filter is an input of the model, or a constant as in exported ones."""

    name = "onnxruntime"
    known_divergences = known.ONNXRUNTIME
    kinds_seen = known.KINDS_SEEN
    looked_at = "1.32.0"
    requires = ("onnxruntime", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"filter": ("input", "constant")}
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
        self.settings.intra_op_num_threads = self.settings.inter_op_num_threads = 1
        self.settings.log_severity_level = 4

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return the layouts without strides: a tensor of ONNX Runtime has none, and others are copied."""
        return in_memory("unaligned", "guarded")

    def notation(self) -> Notation:
        """Return how a script writes ONNX Runtime on one thread."""
        imports = "import numpy as np", "import onnxruntime", "from onnx import helper, numpy_helper"
        threads = "settings = onnxruntime.SessionOptions()", "settings.intra_op_num_threads = 1"
        return Notation(setup=(*imports, *threads))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the model of one node for each operator, and the session that runs it."""
        x = names.get("input") or names["output"]
        return {
            "conv": self._model_text("Conv", _conv_attributes(problem), x, bias),
            "conv_transpose": self._model_text("ConvTranspose", _transposed_attributes(problem), x, bias),
        }

    def _model_text(self, operator: str, attributes: Attributes, x: str, bias: str) -> str:
        is_constant = self.mode["filter"] == "constant"
        operands = [x, "w", *filter(None, [bias.strip(", ")])]
        inputs = ", ".join(f'"{name}": {name}' for name in operands if not (is_constant and name == "w"))
        constants = ', [numpy_helper.from_array(w, "w")]' if is_constant else ""
        return f"""\
inputs = {{{inputs}}}
element = helper.np_dtype_to_tensor_dtype({x}.dtype)
node = helper.make_node("{operator}", {operands}, ["y"]{options(**dict(attributes))})
infos = [helper.make_tensor_value_info(name, element, array.shape) for name, array in inputs.items()]
result = helper.make_tensor_value_info("y", element, None)
graph = helper.make_graph([node], "case", infos, [result]{constants})
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", {_OPSET})], ir_version={_IR_VERSION})
session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""

    @route("conv", "Conv", script="{conv}")
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        """``Conv``, with ``auto_pad`` where the padding is a symbol that ONNX has."""
        return self._evaluate("Conv", _conv_attributes(problem), x, w, bias)

    @route("conv_input_grad", "ConvTranspose", script="{conv_transpose}")
    @route("conv_transpose", "ConvTranspose", script="{conv_transpose}")
    def conv_transpose(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Any:
        """``ConvTranspose`` with explicit pads and output padding."""
        return self._evaluate("ConvTranspose", _transposed_attributes(problem), y, w, bias)

    def _evaluate(self, operator: str, attributes: Attributes, x: Array, w: Array, bias: Array | None) -> Any:
        constants, inputs = {}, {"x": x, "w": w} if bias is None else {"x": x, "w": w, "b": bias}
        if self.mode["filter"] == "constant":
            constants["w"] = inputs.pop("w")
        shapes = tuple((name, array.shape) for name, array in inputs.items())
        key = operator, attributes, x.dtype, shapes, *(array.tobytes() for array in constants.values())
        if self._session[0] != key:
            model = self._model(operator, attributes, inputs, constants)
            self._session = key, self.runtime.InferenceSession(model, self.settings, providers=["CPUExecutionProvider"])
        return self._session[1].run(None, inputs)[0]

    def _model(
        self, operator: str, attributes: Attributes, inputs: Mapping[str, Array], constants: Mapping[str, Array]
    ) -> bytes:
        """Return a serialised model of one node."""
        helper, proto = self.onnx.helper, self.onnx.TensorProto
        names = [name for name in ("x", "w", "b") if name in inputs or name in constants]
        kind = getattr(proto, _TYPES[str(inputs["x"].dtype)])
        graph = helper.make_graph(
            [helper.make_node(operator, names, ["y"], **dict(attributes))],
            "convformance",
            [helper.make_tensor_value_info(name, kind, array.shape) for name, array in inputs.items()],
            [helper.make_tensor_value_info("y", kind, None)],
            [
                helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)
                for name, array in constants.items()
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised


def _attributes(problem: Problem) -> Attributes:
    return (
        ("kernel_shape", problem.kernel_size),
        ("strides", problem.stride),
        ("dilations", problem.dilation),
        ("group", problem.groups),
    )


def _conv_attributes(problem: Problem) -> Attributes:
    symbol = _AUTO_PADS.get(problem.symbol or "")
    return *_attributes(problem), ("auto_pad", symbol) if symbol else ("pads", _pads(problem))


def _transposed_attributes(problem: Problem) -> Attributes:
    return *_attributes(problem), ("pads", _pads(problem)), ("output_padding", problem.output_padding)


def _pads(problem: Problem) -> tuple[int, ...]:
    """Return all the low sides, then all the high ones."""
    return (*(lo for lo, _ in problem.padding), *(hi for _, hi in problem.padding))
