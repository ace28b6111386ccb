# tract 0.23.9: convolution by Conv in float16.
# Gives 4480 in place of 4484 at (0, 0, 0, 0); 1 of 3 numbers differ.
# Products of float16 are multiplied and summed in float16.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case groups-n2c6o2-5x7-k2x3-g2.
import numpy as np
import onnx
import tract
from onnx import helper

x = np.array([[[[-13.125, 6.75, 32, -8.375]]]], "float16")
w = np.array([[[[-215, 246]]]], "float16")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("Conv", ['x', 'w'], ["y0"], kernel_shape=(1, 2))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
onnx.save(model, "case.onnx")
runnable = tract.onnx().load("case.onnx").into_model().into_runnable()
y = runnable.run(list(inputs.values()))[0].to_numpy()
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[4484, 6420, -8944]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
