# opencv-python-headless 5.0.0.93: convolution by Conv in float32, nine taps, one axis, two filters.
# Gives 0 in place of 9 at (0, 0, 0); every number differs.
# A kernel of nine taps in a line is taken for one of 3 x 3. One of eight is not.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import cv2
import numpy as np
from onnx import helper

x = np.arange(1, 12, dtype=np.float32).reshape(1, 1, 11)
w = np.zeros((2, 1, 9), np.float32)
w[:, :, 8] = 1  # gives every number of x from the ninth on

info = helper.make_tensor_value_info
nodes = [helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[9])]
infos = [info(name, 1, array.shape) for name, array in (("x", x), ("w", w))]
graph = helper.make_graph(nodes, "case", infos, [info("y", 1, [None] * 3)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
net.setInput(x, "x")
net.setInput(w, "w")
y = net.forward()
print(y)

assert y.tolist() == [[[9, 10, 11], [9, 10, 11]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
