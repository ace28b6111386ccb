# MNN 3.6.1: convolution by conv2d in float32, stride 3, kernel 1, padding SAME.
# Gives 2 in place of 1 at (0, 0, 0, 0); 1 of 1 numbers differ.
# SAME on an axis whose stride passes the kernel becomes a negative padding, half of it in front.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import MNN.expr as F
import numpy as np

x = np.array([[[[1, 2, 3]]]], "float32")
w = np.array([[[[1]]]], "float32")

image, filters, shift = (F.const(each, list(each.shape)) for each in (x, w, np.zeros(1, x.dtype)))
result = F.conv2d(F.convert(image, F.NC4HW4), filters, shift, (3, 1), (0, 0), (1, 1), 1, F.SAME)
y = np.array(F.convert(result, F.NCHW).read())
print(y)

# Right: one number, and no padding is needed for it, so that the window starts with the data.
assert y.tolist() == [[[[1]]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
