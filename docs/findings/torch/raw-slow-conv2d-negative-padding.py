# torch 2.13.0+cpu: convolution by _slow_conv2d_forward with padding -1. Seen: padding -1 is
# accepted: 67.0 in place of 129 at (0, 0, 0, 0); 36 of 36 numbers differ.
# An internal operator that takes a negative padding, and reads outside the image in place of
# cropping it.
# Right: an exception, or the result that these arguments mean.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_m1.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(240).reshape((2, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten._slow_conv2d_forward(x, w, (3, 2), None, (1, 1), (-1, -1))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    assert tuple(y.shape) == (2, 6, 1, 3), y.shape
    want = [
        [[[129, 100, 51]], [[130, 92, 59]], [[131, 84, 67]], [[127, 96, 70]], [[123, 108, 73]], [[129, 100, 51]]],
        [[[129, 100, 51]], [[130, 92, 59]], [[131, 84, 67]], [[127, 96, 70]], [[123, 108, 73]], [[129, 100, 51]]],
    ]
    assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
