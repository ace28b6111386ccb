# torch 2.13.0+cpu: convolution by _nnpack_spatial_convolution with stride 0. Seen: the process died
# of SIGFPE.
# An internal operator that checks none of its arguments: it divides by the stride and reads past
# lists' ends.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-stride_0.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(240).reshape((2, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch._nnpack_spatial_convolution(x, w, None, (0, 0), (0, 0))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
