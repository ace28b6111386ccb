# opencv-python-headless 5.0.0.93: transposed convolution by ConvTranspose in float32.
# Gives 0 in place of 4.172325134277344e-07 at (0, 0, 0, 0); 1 of 1 numbers differ.
# Kernels of convolutions take subnormal numbers for 0.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import cv2
import numpy as np
from onnx import helper

x = np.array([[[[-1.4887353552791058e+38]]]], "float32")
w = np.array([[[[-2.802596928649634e-45]]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"])]
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
want = [[[[4.172325134277344e-07]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
