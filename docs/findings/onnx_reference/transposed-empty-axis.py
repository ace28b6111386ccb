# onnx 1.23.2: transposed convolution by ConvTranspose in float64.
# ValueError: cannot reshape array of size 0 into shape (4,newaxis,0).
# The columns are reshaped to an array one size of which is to follow from no elements.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n2c4o6-2x6-k3x2.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

x = np.array(np.full((2, 6, 0, 5), 0), "float64")
w = np.array(1 * (np.arange(144) == 0).reshape(6, 4, 3, 2), "float64")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], kernel_shape=(3, 2))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: a result of shape (2, 4, 2, 6).
# It ends in ValueError as long as this diverges, and with exit status 0 once it does not.
