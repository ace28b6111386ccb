# MNN 3.6.1: gradient in the image of a convolution by conv2d_transpose in float32, padding='valid'.
# Gives 3.4028234663852886e+38 in place of nan at (0, 0, 0, 0); 1 of 1 numbers differ.
# Every result is clipped to the finite float32: infinity and NaN become 3.4e38 or its negative.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n8c1o1-9x9-k3x3-s2x2-valid-d3x2-bias-nan-filter.
from math import inf, nan
import MNN.expr as F
import numpy as np
F.set_thread_number(1)

dy = np.array([[[[0]]]], "float32")
w = np.array([[[[nan]]]], "float32")

image, filters, shift = (F.const(each, list(each.shape)) for each in (dy, w, np.zeros(1, dy.dtype)))
result = F.conv2d_transpose(F.convert(image, F.NC4HW4), filters, shift, (1, 1), (0, 0), (1, 1), 1,
    F.CAFFE)
y = np.array(F.convert(result, F.NCHW).read())
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[nan]]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
