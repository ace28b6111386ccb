# onnxruntime 1.32.0: convolution by Conv in float32, stride=(4,), padding='same_upper'.
# Gives 0 in place of 1 at (0, 0, 0); 1 of 1 numbers differ.
# auto_pad SAME_UPPER and SAME_LOWER pad by a negative amount where the stride passes the kernel, in
# place of none.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case same-n2c3o5-4-k1-s4-same_upper.
import numpy as np
import onnxruntime as ort
from onnx import helper

x = np.array([[[1, 0, 0, 0]]], "float32")
w = np.array([[[1]]], "float32")

inputs = {"x": x, "w": w}
element = helper.np_dtype_to_tensor_dtype(x.dtype)
node = helper.make_node("Conv", ['x', 'w'], ["y"], strides=(4,), auto_pad='SAME_UPPER')
infos = [helper.make_tensor_value_info(n, element, a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y", element, None)
graph = helper.make_graph([node], "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
y = session.run(None, inputs)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[1]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
