# onnx 1.23.2: transposed convolution by ConvTranspose in float32.
# TypeError: Issues with types [<class 'numpy.ndarray'>, <class 'numpy.ndarray'>] and attributes
# ['auto_pad', 'dilations', 'group', 'kernel_shape', 'output_padding', 'output_shape', 'pads', ...
# The result is made with the first image: without one there is nothing to return, and a TypeError.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case regression-n0c3o5-7x6-k3x2-s2x2.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

x = np.array(np.full((0, 1, 1, 1), 0), "float32")
w = np.array([[[[1]]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"])]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: a result of shape (0, 1, 1, 1).
# It ends in TypeError as long as this diverges, and with exit status 0 once it does not.
