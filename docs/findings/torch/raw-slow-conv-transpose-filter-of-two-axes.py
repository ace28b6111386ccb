# torch 2.13.0+cpu: transposed convolution by slow_conv_transpose2d with a filter of two axes. Seen:
# a filter of two axes is accepted: a result of shape (2, 4, 5, 6), where the arguments have no
# meaning.
# An internal operator that believes the kernel size, and takes a filter without spatial axes.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-a_filter_of_two_axes.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(180).reshape((2, 6, 3, 5)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(24).reshape((6, 4)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv_transpose2d(x, w, (3, 2), None, (1, 1), (0, 0), (0, 0), (1, 1))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although a filter of two axes has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
