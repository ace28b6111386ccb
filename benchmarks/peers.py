"""The frameworks that the reference is compared with, each as three functions of NumPy arrays on its own tensors."""

import sys
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from convformance.reference import Problem
from convformance.reference.arrays import Array
from convformance.reference.fast import CONTRACTIONS as OURS

Call = Callable[[], Any]
CONTRACTIONS = ("forward", "input gradient", "filter gradient")


def ours(problem: Problem, x: Array, w: Array, dy: Array) -> dict[str, Call]:
    """Return the reference's three contractions."""
    return {
        "forward": lambda: OURS["conv"](problem, x, w),
        "input gradient": lambda: OURS["conv_input_grad"](problem, dy, w),
        "filter gradient": lambda: OURS["conv_filter_grad"](problem, x, dy),
    }


def pytorch(problem: Problem, x: Array, w: Array, dy: Array) -> dict[str, Call]:
    """Return what autograd itself calls."""
    import torch

    tensors = [torch.from_numpy(array) for array in (dy, x, w)]
    pads = [lo for lo, _ in problem.padding]
    geometry = (list(problem.stride), pads, list(problem.dilation), False, [0] * problem.rank, problem.groups)

    def backward(*wanted: bool) -> Any:
        return torch.ops.aten.convolution_backward(*tensors, None, *geometry, list(wanted))

    return {
        "forward": lambda: torch.ops.aten.convolution(tensors[1], tensors[2], None, *geometry),
        "input gradient": lambda: backward(True, False, False)[0],
        "filter gradient": lambda: backward(False, True, False)[1],
    }


def jax(problem: Problem, x: Array, w: Array, dy: Array) -> dict[str, Call]:
    """Return the compiled convolution and its compiled transposes."""
    import jax as framework

    framework.config.update("jax_enable_x64", True)
    steps = {"window_strides": problem.stride, "padding": problem.padding, "rhs_dilation": problem.dilation}

    def conv(a: Any, b: Any) -> Any:
        return framework.lax.conv_general_dilated(a, b, **steps, feature_group_count=problem.groups)

    of_x = framework.jit(lambda c, b: framework.linear_transpose(lambda a: conv(a, b), x)(c)[0])
    of_w = framework.jit(lambda a, c: framework.linear_transpose(lambda b: conv(a, b), w)(c)[0])
    compiled = framework.jit(conv)
    on_x, on_w, on_dy = (framework.numpy.asarray(array) for array in (x, w, dy))
    return {
        "forward": lambda: compiled(on_x, on_w).block_until_ready(),
        "input gradient": lambda: of_x(on_dy, on_w).block_until_ready(),
        "filter gradient": lambda: of_w(on_x, on_dy).block_until_ready(),
    }


def onnx_reference(problem: Problem, x: Array, w: Array, dy: Array) -> dict[str, Call]:
    """Return the reference evaluator's Conv, which has no gradients."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    kind = TensorProto.DOUBLE if x.dtype == np.float64 else TensorProto.FLOAT
    pads = [lo for lo, _ in problem.padding] + [hi for _, hi in problem.padding]
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], strides=problem.stride, dilations=problem.dilation, pads=pads, group=problem.groups
    )
    values = [helper.make_tensor_value_info(name, kind, None) for name in "xwy"]
    evaluator = ReferenceEvaluator(helper.make_model(helper.make_graph([node], "conv", values[:2], values[2:])))
    return {"forward": lambda: evaluator.run(None, {"x": x, "w": w})}


def scipy(problem: Problem, x: Array, w: Array, dy: Array) -> dict[str, Call]:
    """Return a loop of correlations, one for each couple of channels, strided afterwards; for one image alone."""
    from scipy.signal import correlate

    strided = tuple(slice(None, None, s) for s in problem.stride)
    widths = ((0, 0), (0, 0), *problem.padding)
    of_group, inputs = problem.out_channels // problem.groups, problem.in_channels // problem.groups

    def conv() -> Array:
        padded, y = np.pad(x, widths), np.zeros(problem.output_shape, x.dtype)
        for n, o, c in product(range(problem.batch), range(problem.out_channels), range(inputs)):
            y[n, o] += correlate(padded[n, o // of_group * inputs + c], w[o, c], "valid", method="direct")[strided]
        return y

    return {"forward": conv} if problem.batch == 1 else {}


PEERS: dict[str, Callable[[Problem, Array, Array, Array], dict[str, Call]]] = {
    "PyTorch": pytorch,
    "JAX": jax,
    "onnx.reference": onnx_reference,
    "SciPy": scipy,
}


def versions() -> dict[str, str]:
    """Return the versions of what has been imported."""
    modules = {"NumPy": "numpy", "PyTorch": "torch", "JAX": "jax", "onnx.reference": "onnx", "SciPy": "scipy"}
    return {name: sys.modules[module].__version__ for name, module in modules.items() if module in sys.modules}
