# onnx 1.23.2: transposed convolution by ConvTranspose in float16.
# Gives 6496 in place of 6492 at (0, 0, 3); 1 of 7 numbers differ.
# The products of each tap are summed in the type of the operands; Conv sums in float32.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case dilation-n3c4o6-17-k4-d3.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

x = np.array([[[0, 0, 14, -30.625, 0, 0]]], "float16")
w = np.array([[[-95, 256]]], "float16")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], kernel_shape=(2,))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[0, 0, -1330, 6492, -7840, 0, 0]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
