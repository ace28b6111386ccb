# openvino 2026.4.1: convolution by Conv in float64, padding=((0, -1),).
# RuntimeError: could not construct a memory descriptor using a format tag.
# Negative pads are not checked when a model is read, and fail where its kernels are made, in words
# that do not say so.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c20o1-12-k5-s3-p0.m1-permuted.
import numpy as np
import openvino
from onnx import helper
core = openvino.Core()

x = np.array([[[1, 0]]], "float64")
w = np.array([[[1]]], "float64")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("Conv", ['x', 'w'], ["y0"], pads=(0, -1))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU",
    {'INFERENCE_PRECISION_HINT': 'f32'})
request = compiled.create_infer_request()
y = request.infer(inputs, share_inputs=True)[0].view(inputs["x"].dtype)
print(y)

# Right: [[[1]]].
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
