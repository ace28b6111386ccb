# torch 2.13.0+cpu: convolution by slow_conv_dilated with dilation 2^62. Seen: dilation 2^62 is
# accepted: a result of shape (2, 6, 5, 6) in place of (2, 6, 0, 0).
# The extent of the dilated kernel overflows, and the size of the result with it.
# Right: an exception, or the result that these arguments mean.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_2pow62.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(240).reshape((2, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv_dilated2d(
        x, w, (3, 2), None, (1, 1), (0, 0), (4611686018427387904, 4611686018427387904)
    )
    print(y)
except Exception as error:
    print("refused:", error)
else:
    assert tuple(y.shape) == (2, 6, 0, 0), y.shape
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
