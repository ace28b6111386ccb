# onnxruntime 1.31.1: convolution by ConvInteger in int8xuint8.
# Gives -32768 in place of -65280 at (0, 0, 0): 16 bits hold no more.
# ConvInteger of int8 data and a uint8 filter adds products two by two in 16 bits, which saturate.
# A machine of x86-64 with AVX2, without AVX-512 and VNNI.
import numpy as np
import onnxruntime as ort
from onnx import helper

x = np.array([[[-128, -128]]], "int8")
w = np.array([[[255, 255]]], "uint8")

inputs = {"x": x, "w": w}
node = helper.make_node("ConvInteger", ["x", "w"], ["y"])
of = helper.np_dtype_to_tensor_dtype
infos = [helper.make_tensor_value_info(n, of(a.dtype), a.shape) for n, a in inputs.items()]
result = helper.make_tensor_value_info("y", of(np.dtype("int32")), None)
graph = helper.make_graph([node], "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
y = session.run(None, inputs)[0]
print(y)

# Right: -128 * 255 twice.
assert y.tolist() == [[[-65280]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
