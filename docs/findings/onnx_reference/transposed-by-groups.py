# onnx 1.23.2: gradient in the image of a convolution by ConvTranspose in float32, groups=2.
# ValueError: cannot reshape array of size 1 into shape (1,2,1).
# Groups are sliced by the number of output channels and written one channel at a time, so that
# shapes do not fit unless every group has one channel on either side.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c3o6-5-k1-s4-pm1.2-d2-g3.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

dy = np.array([[[1], [0], [0], [0]]], "float32")
w = np.array([[[1]], [[2]], [[3]], [[4]]], "float32")

inputs = {"x": dy, "w": w}
kind = helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], group=2)]
infos = [helper.make_tensor_value_info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y0", kind(dy.dtype), [None] * dy.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: [[[1], [0]]].
# It ends in ValueError as long as this diverges, and with exit status 0 once it does not.
