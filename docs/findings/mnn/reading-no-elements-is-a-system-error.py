# MNN 3.6.1: convolution by conv2d in float32.
# SystemError: <method 'read' of 'Var' objects> returned a result with an exception set.
# Var.read of a result without elements, or made from operands without any, raises SystemError.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n0c4o6-6x5-k2x3-bias.
import MNN.expr as F
import numpy as np
F.set_thread_number(1)

x = np.array(np.full((0, 1, 1, 1), 0), "float32")
w = np.array([[[[1]]]], "float32")
bias = np.array([0], "float32")

image, filters, shift = (F.const(each, list(each.shape)) for each in (x, w, bias))
result = F.conv2d(F.convert(image, F.NC4HW4), filters, shift, (1, 1), (0, 0), (1, 1), 1, F.CAFFE)
y = np.array(F.convert(result, F.NCHW).read())
print(y)

# Right: a result of shape (0, 1, 1, 1).
# It ends in SystemError as long as this diverges, and with exit status 0 once it does not.
