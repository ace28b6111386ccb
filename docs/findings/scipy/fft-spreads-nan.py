# scipy 1.17.1: gradient in the filter of a convolution by signal.fftconvolve in float64,
# padding=((1, 0),).
# Gives nan in place of 0 at (0, 0, 0); 1 of 2 numbers differ.
# One NaN or Inf reaches every frequency, and from there every element of the plane.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c3o3-4-k2-s3-same_lower-d3-bias-sliced-nan-data.
from math import nan

import numpy as np
from scipy import signal

x = np.array([[[0, nan]]], "float64")
dy = np.array([[[0, 0]]], "float64")

padded = np.pad(x, ((0, 0), (0, 0), (1, 0)))[:, :, :]
y = signal.fftconvolve(padded, np.flip(dy), "valid")
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[0, nan]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
