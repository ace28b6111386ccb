# torch 2.13.0+cpu: transposed convolution by slow_conv_transpose2d with output padding -1. Seen:
# output padding -1 is accepted: a result of shape (2, 4, 4, 5), where the arguments have no
# meaning.
# Internal operators that believe the kernel size, not the filter, and take a negative output
# padding.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-output_padding_m1.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(72).reshape((2, 6, 2, 3)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv_transpose2d(x, w, (3, 2), None, (2, 2), (0, 0), (-1, -1), (1, 1))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although output padding -1 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
