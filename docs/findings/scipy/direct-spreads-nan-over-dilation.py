# scipy 1.17.1: transposed convolution by signal.convolve in float64, dilation=(1, 2).
# Gives nan in place of 0 at (0, 0, 0, 1); 1 of 3 numbers differ.
# scipy.signal knows no dilation: a NaN or an Inf times a zero that stands between two taps is NaN.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case outputs-n2c4o6-8x7-k2x3-y2x2-d4x2-nan-data.
from math import nan

import numpy as np
from scipy import signal

x = np.array([[[[nan]]]], "float64")
w = np.array([[[[0, 0]]]], "float64")

taps = np.zeros((1, 1, 1, 3), w.dtype)
taps[:, :, :, ::2] = w
maps = [signal.convolve(np.pad(x[:, :], ((0, 0), (0, 0), (0, 0), (2, 2))),
    np.flip(taps[:, c % 1], 0)[None], "valid", "direct") for c in range(1)]
y = np.concatenate(maps, axis=1)
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[nan, 0, nan]]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
