# openvino 2026.4.1: gradient in the image of a convolution by ConvTranspose in float32, groups=4.
# RuntimeError: Model wasn't fully converted. Failed operations detailed log: -- ConvTranspose-22
# with a message: Input channels dimension of data batch is incompatible with filter groups or ...
# Without channels a sum has no terms and is 0; the result is memory that nobody wrote, or no kernel
# can be made.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case derivatives-n2c4o0-6x5-k2x3-g4.
import numpy as np
import openvino
from onnx import helper
settings = {'INFERENCE_PRECISION_HINT': 'f32'}

dy = np.array(np.full((2, 0, 5, 3), 0), "float32")
w = np.array(np.full((0, 1, 2, 3), 0), "float32")

inputs = {"x": dy, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ['x', 'w'], ["y0"], kernel_shape=(2, 3), group=4)]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(dy.dtype), [None] * dy.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
core = openvino.Core()
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
y = compiled(inputs)[0]
print(y)

# Right: a result of shape (2, 4, 6, 5).
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
