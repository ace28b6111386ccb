# tract 0.23.9: transposed convolution by ConvTranspose in float32.
# Gives 0 in place of 4.172325134277344e-07 at (0, 0, 0, 0); 1 of 1 numbers differ.
# The kernels of float32 take subnormal numbers for 0; those of float64 and float16 do not.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import numpy as np
import onnx
import tract
from onnx import helper

x = np.array([[[[0]], [[-1.4887353552791058e+38]]]], "float32")
w = np.array([[[[0]]], [[[-2.802596928649634e-45]]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"])]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
onnx.save(model, "case.onnx")
runnable = tract.onnx().load("case.onnx").into_model().into_runnable()
y = runnable.run(list(inputs.values()))[0].to_numpy()
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[4.172325134277344e-07]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
