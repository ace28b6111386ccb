# scipy 1.17.1: gradient in the filter of a convolution by signal.fftconvolve in float32.
# Gives 2.075464180961717e-06 in place of 2.086162567138672e-06 at (0, 0, 0); 1 of 1 numbers differ.
# A transform adds up a plane before it multiplies: its sums leave the range where those of a direct
# algorithm do not, and one NaN reaches every element.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c8o1-2-k2-s2-p3.m1-sliced-subnormal.
import numpy as np
from scipy import signal

x = np.array([[[0, -1.961817850054744e-44]]], "float32")
dy = np.array([[[0, -1.0633823966279327e38]]], "float32")

y = signal.fftconvolve(x, np.flip(dy), "valid")
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[2.086162567138672e-06]]]
assert np.rint(y.tolist()).tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
