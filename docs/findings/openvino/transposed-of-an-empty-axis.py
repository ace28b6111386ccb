# openvino 2026.4.1: ConvolutionBackpropData in float32 of an axis of size 0, kernel 3, output padding 0.
# Its result has the shape (1, 1, 3); wanted (1, 1, 2).
# An axis of size 0 is taken for one of size 1 when the shape of the result is computed.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import openvino
from openvino import opset13 as ops

data = ops.parameter([1, 1, 0], openvino.Type.f32)
filters = ops.parameter([1, 1, 3], openvino.Type.f32)
geometry = {"strides": [1], "pads_begin": [0], "pads_end": [0], "dilations": [1], "output_padding": [0]}
shape = ops.convolution_backprop_data(data, filters, **geometry).output(0).shape
print(shape)

# Right: (0 - 1) * 1 + 3 elements. An exception would do, too.
assert list(shape) == [1, 1, 2]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
