# opencv-python-headless 5.0.0.93: convolution by Conv in float32 of an infinity and a NaN.
# Gives 3.4028235e+38 in place of both.
# A convolution limits its result to the largest number of float32.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import cv2
import numpy as np
from onnx import helper

x = np.array([[[np.inf, np.nan]]], np.float32)
w = np.ones((1, 1, 1), np.float32)

info = helper.make_tensor_value_info
nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
infos = [info(name, 1, array.shape) for name, array in (("x", x), ("w", w))]
graph = helper.make_graph(nodes, "case", infos, [info("y", 1, [None] * 3)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
net.setInput(x, "x")
net.setInput(w, "w")
y = net.forward()
print(y)

assert np.array_equal(y, x, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
