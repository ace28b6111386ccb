# mlx 0.32.4: a convolution with a bias by nn.Conv1d in float16.
# Gives 0 in place of 1.
# The sum is rounded to float16 before the bias is added: 2048 + 1 becomes 2048, and 1 is lost.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import mlx.core as mx
import mlx.nn as nn
mx.set_default_device(mx.cpu)

layer = nn.Conv1d(in_channels=2, out_channels=1, kernel_size=1)
layer.weight = mx.array([[[1, 1]]], mx.float16)
layer.bias = mx.array([-2048], mx.float16)
y = layer(mx.array([[[2048, 1]]], mx.float16))
print(y, y.dtype)

# Right: 2048 + 1 - 2048, whose sums are exact in float32, whatever their order.
assert y.tolist() == [[[1]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
