# opencv-python-headless 5.0.0.93: Conv with a bias, and BatchNormalization behind it, in float32.
# Gives 0 in place of 1; without the normalisation the bias is there.
# A normalisation is fused into a convolution whose bias is an input, and the bias is forgotten.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import cv2
import numpy as np
from onnx import helper, numpy_helper

inputs = {"x": np.zeros((1, 1, 2, 2), np.float32), "w": np.ones((1, 1, 1, 1), np.float32)}
inputs["bias"] = np.ones(1, np.float32)
statistics = {"scale": 1, "shift": 0, "mean": 0, "variance": 1}  # a normalisation that changes nothing

info = helper.make_tensor_value_info
nodes = [helper.make_node("Conv", list(inputs), ["sum"])]
nodes += [helper.make_node("BatchNormalization", ["sum", *statistics], ["y"], epsilon=0.0)]
infos = [info(name, 1, array.shape) for name, array in inputs.items()]
stored = [numpy_helper.from_array(np.array([n], np.float32), name) for name, n in statistics.items()]
graph = helper.make_graph(nodes, "case", infos, [info("y", 1, [None] * 4)], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
for name, array in inputs.items():
    net.setInput(array, name)
y = net.forward()
print(y)

assert y.tolist() == [[[[1, 1], [1, 1]]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
