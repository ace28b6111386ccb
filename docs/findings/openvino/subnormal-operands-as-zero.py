# openvino 2026.4.1: gradient in the image of a convolution by ConvTranspose in bfloat16.
# Gives 0 in place of -0.02734375 at (0, 0, 0, 0); 1 of 1 numbers differ.
# The processor's products of bfloat16 take subnormal numbers for 0, in whatever mode it is.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import ml_dtypes  # gives NumPy its bfloat16
import numpy as np
import openvino
from onnx import helper
settings = {'INFERENCE_PRECISION_HINT': 'f32'}

dy = np.array([[[[1.4887353552791058e+38]]]], "bfloat16")
w = np.array([[[[-1.8367099231598242e-40]]]], "bfloat16")

inputs = {"x": dy, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"])]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(dy.dtype), [None] * dy.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
core = openvino.Core()
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
y = compiled(inputs)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[-0.02734375]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
