# torch 2.13.0+cpu: convolution by slow_conv3d with kernel size larger by one. Seen: kernel size
# larger by one is accepted: a result of shape (2, 6, 2, 2, 4), where the arguments have no meaning.
# An internal operator that believes the kernel size and the channels of the image, not the filter.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-4x5x6-k2x3x2-kernel_size_larger_by_one.
import numpy as np
import torch

torch.set_num_threads(1)

x = torch.tensor(np.arange(960).reshape((2, 4, 4, 5, 6)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(288).reshape((6, 4, 2, 3, 2)) % 5, dtype=torch.float32)
try:
    y = torch.ops.aten.slow_conv3d(x, w, (3, 4, 3), None, (1, 1, 1), (0, 0, 0))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although kernel size larger by one has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
