# torch 2.13.0+cpu: convolution by _slow_conv2d_forward with padding 2^61. Seen: the process died of
# SIGSEGV.
# The size of a buffer overflows to one that can be had, and the kernel writes past its end.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_2pow61.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(240).reshape((2, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten._slow_conv2d_forward(x, w, (3, 2), None, (1, 1), (2305843009213693952, 2305843009213693952))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGSEGV as long as this diverges, and with exit status 0 once it does not.
