# autograd 1.9.1: transposed convolution by conv_transpose in float16.
# Gives -594 in place of -593.5 at (0, 0, 1, 0); 1 of 6 numbers differ.
# Each sum is an einsum of NumPy over strided windows, which keeps sums of float16 in float16.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import numpy as np
import autograd.numpy as np
from autograd.scipy.signal import convolve

x = np.array([[[[-12.3125, 0], [-12.125, 0]]]], "float16")
w = np.array([[[[-210], [255]]]], "float16")

y = convolve(x, w, ([2, 3], [2, 3]), ([1], [0]), 'full')[..., 0:3, 0:2]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[2586, 0], [-593.5, 0], [-3092, 0]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
