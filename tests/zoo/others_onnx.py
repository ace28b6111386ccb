"""The cases of ONNX, of the package ``onnx``: tests of nodes, and models of one node that were converted from PyTorch.

What is compared, and how, is its runner's: shape and dtype, then the tolerances of each test.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from tests.zoo.member import Array, Run
from tests.zoo.others import Call, Sample
from tests.zoo.others_geometry import forward, per_axis, transposed

_AUTO_PADS = {"SAME_UPPER": "same_upper", "SAME_LOWER": "same_lower", "VALID": "valid"}
_MODELS = ("pytorch-converted", "pytorch-operator", "simple")


def onnx_nodes() -> Iterator[Sample]:
    """Yield the node tests of the operators that are a convolution and nothing else."""
    for test in _tests("node"):
        for operands, results in test.data_sets:
            yield from _sample(test, test.model.graph, operands, results)


def onnx_models() -> Iterator[Sample]:
    """Yield the models whose whole graph is one convolution, with the data that lies beside them."""
    for kind in _MODELS:
        for test in _tests(kind):
            folder = Path(test.model_dir)
            graph = onnx.load(folder / "model.onnx").graph
            for data in sorted(folder.glob("test_data_set_*")):
                yield from _sample(test, graph, _arrays(data, "input"), _arrays(data, "output"))


@cache
def _tests(kind: str) -> list[Any]:
    return sorted(load_model_tests(kind=kind), key=lambda test: test.name)


def _arrays(folder: Path, kind: str) -> list[Array]:
    """Return the arrays of one data set, in the order of their numbers."""
    count = len(list(folder.glob(f"{kind}_*.pb")))
    return [numpy_helper.to_array(onnx.load_tensor(folder / f"{kind}_{index}.pb")) for index in range(count)]


def _sample(test: Any, graph: Any, operands: Iterable[Array], results: Iterable[Array]) -> Iterator[Sample]:
    """Yield the sample of a graph of one node, if it is a convolution: its inputs are data, or stand in the graph."""
    if len(graph.node) != 1 or graph.node[0].op_type not in _CALLS:
        return
    node = graph.node[0]
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    free = [each.name for each in graph.input if each.name not in constants]
    by_name = constants | dict(zip(free, operands, strict=True))
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    (want,) = results
    call = _CALLS[node.op_type]([by_name[name] for name in node.input if name], attributes, want)
    want = want.astype(call.arrays[0].dtype)
    check = partial(_check, call, want, test.rtol, test.atol)
    yield Sample(test.name, (call.operation,), call.problem.multiplications, check)


def _check(call: Call, want: Array, rtol: float, atol: float, run: Run) -> None:
    Runner.assert_similar_outputs([want], [call.answer(run)], rtol=rtol, atol=atol)


def _conv(operands: list[Array], attributes: Mapping[str, Any], want: Array) -> Call:
    x, w, *bias = operands
    return forward(x, w, bias[0] if bias else None, padding=_padding(attributes, x.ndim - 2), **_shared(attributes))


def _conv_integer(operands: list[Array], attributes: Mapping[str, Any], want: Array) -> Call:
    """Return the call in float32 with the zero points taken off, as no member takes integers; all of it is exact."""
    x, w, *zeros = (array.astype(np.float32) for array in operands)
    zero_of_x = zeros[0] if zeros else np.float32(0)
    zero_of_w = zeros[1] if len(zeros) > 1 else np.zeros((), np.float32)
    by_channel = zero_of_w.reshape(-1, *(1,) * (w.ndim - 1)) if zero_of_w.ndim else zero_of_w
    return _conv([x - zero_of_x, w - by_channel], attributes, want)


def _conv_transpose(operands: list[Array], attributes: Mapping[str, Any], want: Array) -> Call:
    x, w, *bias = operands
    large, shared = want.shape[2:], _shared(attributes)
    begins = _begins(x.shape[2:], w.shape[2:], large, attributes)
    return transposed(x, w, bias[0] if bias else None, result_size=large, begins=begins, **shared)


def _shared(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stride": attributes.get("strides", 1),
        "dilation": attributes.get("dilations", 1),
        "groups": attributes.get("group", 1),
    }


def _padding(attributes: Mapping[str, Any], rank: int) -> Any:
    """Return the padding as a symbol or as pairs."""
    symbol = _AUTO_PADS.get(attributes.get("auto_pad", b"NOTSET").decode())
    pads = attributes.get("pads", (0,) * 2 * rank)
    return symbol or tuple(zip(pads[:rank], pads[rank:], strict=True))


def _begins(small: tuple[int, ...], kernel: tuple[int, ...], large: tuple[int, ...], attributes: Any) -> list[int]:
    """Return the padding at the begin of each axis, which follows from the size where the node asks for a size."""
    rank = len(small)
    automatic = attributes.get("auto_pad", b"NOTSET").decode()
    if "output_shape" not in attributes and not automatic.startswith("SAME"):
        return list(attributes.get("pads", (0,) * 2 * rank)[:rank])
    unread = per_axis(attributes.get("output_padding", 0), rank)
    stride, dilation = (per_axis(attributes.get(name, 1), rank) for name in ("strides", "dilations"))
    axes = zip(small, kernel, large, stride, dilation, unread, strict=True)
    totals = [s * (o - 1) + u + d * (k - 1) + 1 - i for o, k, i, s, d, u in axes]
    return [total // 2 if automatic == "SAME_UPPER" else total - total // 2 for total in totals]


_CALLS = {"Conv": _conv, "ConvInteger": _conv_integer, "ConvTranspose": _conv_transpose}
