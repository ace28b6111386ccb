# torch 2.13.0+cpu: convolution by vmap-x in float64.
# IndexError: index 0 is out of bounds for dimension 0 with size 0 (<lambda>, line 109).
# A convolution that is mapped over an axis of no images is computed as if there were one: its shape
# is wrong, and what is done with it raises.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case regression-n0c3o2-5x4-k2x3.
import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.tensor(np.full((0, 1, 1, 1), 0), dtype=torch.float64)
w = torch.tensor([[[[1]]]], dtype=torch.float64)


def single(image):
    x = image[None]
    return F.conv2d(x, w)[0]


y = torch.func.vmap(single)(x)
print(y)

# Right: a result of shape (0, 1, 1, 1).
# It ends in IndexError as long as this diverges, and with exit status 0 once it does not.
