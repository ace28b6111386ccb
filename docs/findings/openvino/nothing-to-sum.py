# openvino 2026.4.1: gradient in the image of a convolution by ConvTranspose in float32.
# RuntimeError: could not create a primitive descriptor for the deconvolution forward propagation
# primitive. Run workload with environment variable ONEDNN_VERBOSE=all to get additional ...
# A sum without terms is 0; the result is memory that nobody wrote, or no kernel can be made.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n2c3o0-5x4-k2x3.
import numpy as np
import openvino
from onnx import helper
core = openvino.Core()

dy = np.array(np.full((2, 0, 4, 2), 0), "float32")
w = np.array(np.full((0, 3, 2, 3), 0), "float32")

inputs = {"x": dy, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], kernel_shape=(2, 3))]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(dy.dtype), [None] * dy.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU",
    {'INFERENCE_PRECISION_HINT': 'f32'})
request = compiled.create_infer_request()
y = request.infer(inputs, share_inputs=True)[0].view(inputs["x"].dtype)
print(y)

# Right: a result of shape (2, 3, 5, 4).
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
