# MNN 3.6.1: gradient in the image of a transposed convolution by conv2d in float32, groups=2.
# Gives 3 in place of 0 at (0, 2, 0, 0); 2 of 4 numbers differ.
# Groups are left out: conv2d reads the filter as one over all channels, and so beyond its end, and
# conv2d_transpose answers with the channels of one group.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case groups-n2c4o8-7x6-k2x3-g4.
import MNN.expr as F
import numpy as np
F.set_thread_number(1)

dy = np.array([[[[1]], [[0]]]], "float32")
w = np.array([[[[1]]], [[[2]]], [[[3]]], [[[4]]]], "float32")

image, filters, shift = (F.const(each, list(each.shape)) for each in (dy, w, np.zeros(4, dy.dtype)))
result = F.conv2d(F.convert(image, F.NC4HW4), filters, shift, (1, 1), (0, 0), (1, 1), 2, F.CAFFE)
y = np.array(F.convert(result, F.NCHW).read())
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[1]], [[2]], [[0]], [[0]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
