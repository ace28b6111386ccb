# opencv-python-headless 5.0.0.93: transposed convolution by ConvTranspose in float32, groups=2.
# Gives nan in place of 0 at (0, 0, 0, 0); 1 of 2 numbers differ.
# A NaN in one group shows in the results of another.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case special-n2c6o4-6x5-k2x3-g2-nan-data.
from math import inf, nan
import cv2
import numpy as np
from onnx import helper

x = np.array([[[[0]], [[nan]]]], "float32")
w = np.array([[[[0]]], [[[0]]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], group=2)]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
for name, array in inputs.items():
    net.setInput(array, name)
y = net.forward()
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[0]], [[nan]]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
