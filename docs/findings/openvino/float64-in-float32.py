# openvino 2026.4.1: transposed convolution by ConvTranspose in float64.
# Gives 140596089978880 in place of 140596092630651 at (0, 0, 0, 0); 1 of 1 numbers differ.
# The CPU plugin converts float64 to float32, computes, and converts back: the result has the type
# that was asked for, 24 bits, and the range of float32.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n3c5o5-4x1-k3x2-p1x2-g5.
import numpy as np
import openvino
from onnx import helper
settings = {'INFERENCE_PRECISION_HINT': 'f32'}

x = np.array([[[[140596092630651]]]], "float64")
w = np.array([[[[1]]]], "float64")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"])]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
core = openvino.Core()
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
y = compiled(inputs)[0]
print(y)

# Right: sums of these numbers are exact in float64, whatever their order.
want = [[[[140596092630651]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
