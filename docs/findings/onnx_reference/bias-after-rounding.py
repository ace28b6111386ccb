# onnx 1.23.2: convolution by Conv in float16, padding='valid'.
# Gives 14168 in place of 14160 at (0, 0, 0); 1 of 6 numbers differ.
# The sum is rounded to the result's type before the bias, which the operator takes, is added in it.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c3o18-1-k1-s2-valid-g3-bias-sliced.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

x = np.array([[[-215]]], "float16")
w = np.array([[[-66]], [[0]], [[0]], [[0]], [[0]], [[0]]], "float16")
bias = np.array([-26, -97, -17, -249, 137, -237], "float16")

inputs = {"x": x, "w": w, "bias": bias}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("Conv", ['x', 'w', 'bias'], ["y0"], auto_pad='VALID')]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[14160], [-97], [-17], [-249], [137], [-237]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
