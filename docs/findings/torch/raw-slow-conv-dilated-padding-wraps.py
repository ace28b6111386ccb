# torch 2.13.0+cpu: convolution by slow_conv_dilated with padding 2^31. Seen: padding 2^31 is
# accepted: a result of shape (2, 6, 3, 5), where the arguments have no meaning.
# An internal operator that loses a padding of more than 31 bits.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_2pow31.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(240).reshape((2, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(144).reshape((6, 4, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv_dilated2d(x, w, (3, 2), None, (1, 1), (2147483648, 2147483648), (1, 1))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although padding 2^31 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
