# opencv-python-headless 5.0.0.93: convolution by Conv in float32, padding=((1, 0),).
# Gives 1 in place of 0 at (0, 0, 0); 4 of 4 numbers differ.
# A kernel of one tap is taken for a product of matrices, which reads past the image where that is
# padded.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c3o6-1-k1-p1-g3.
import cv2
import numpy as np
from onnx import helper

x = np.array([[[1]]], "float32")
w = np.array([[[1]], [[2]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("Conv", ['x', 'w'], ["y0"], pads=(1, 0))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
for name, array in inputs.items():
    net.setInput(array, name)
y = net.forward()
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[0, 1], [0, 2]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
