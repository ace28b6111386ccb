# mlx 0.32.4: gradient in the filter of a convolution by vjp in float32.
# ValueError: [reshape] Cannot infer the shape of an empty array.
# The gradient for the filter of a batch without images fails in a reshape: Cannot infer the shape
# of an empty array.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n0c4o6-5x6-k3x2.
import numpy as np
import mlx.core as mx
mx.set_default_device(mx.cpu)

x = mx.array(np.full((0, 4, 5, 6), 0).transpose(0, 2, 3, 1), mx.float32)
dy = mx.array(np.full((0, 6, 3, 5), 0).transpose(0, 2, 3, 1), mx.float32)

y = mx.vjp(lambda w: mx.conv_general(x, w), [mx.zeros((6, 3, 2, 4), dy.dtype)], [dy])[1][0]
print(y)

# Right: a result of shape (6, 3, 2, 4).
# It ends in ValueError as long as this diverges, and with exit status 0 once it does not.
