# openvino 2026.4.1: convolution of 1.5, 3, 300, -7 in bfloat16 by one tap of 1, which changes nothing.
# Gives other numbers where the request copies the array, and the right ones with share_inputs=True.
# The bits of a NumPy array of bfloat16 are taken for numbers of another type where a request copies it.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ml_dtypes
import numpy as np
import openvino
from openvino import opset13 as ops

x = np.array([[[1.5, 3, 300, -7]]], ml_dtypes.bfloat16)
data = ops.parameter(list(x.shape), openvino.Type.bf16)
taps = ops.convert(ops.constant(np.ones((1, 1, 1), "float32")), "bf16")
result = ops.convolution(data, taps, strides=[1], pads_begin=[0], pads_end=[0], dilations=[1])
model = openvino.Model([result], [data])
request = openvino.Core().compile_model(model, "CPU").create_infer_request()
y = request.infer({0: x})[0].view(x.dtype)  # the bits of bfloat16 are called float16
print(y)

# Right: the numbers themselves.
assert y.tolist() == x.tolist()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
