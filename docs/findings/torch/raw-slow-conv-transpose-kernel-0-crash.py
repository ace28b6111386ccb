# torch 2.13.0+cpu: transposed convolution by slow_conv_transpose3d with kernel size 0. Seen: the
# process died of SIGSEGV.
# An internal operator that is given a kernel size of 0 ends the process.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-4x5x6-k2x3x2-kernel_size_0.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(540).reshape((2, 6, 3, 3, 5)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(288).reshape((6, 4, 2, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv_transpose3d(x, w, (0, 0, 0), None, (1, 1, 1), (0, 0, 0), (0, 0, 0), (1, 1, 1))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGSEGV as long as this diverges, and with exit status 0 once it does not.
