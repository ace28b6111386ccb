# torch 2.13.0+cpu: gradient in the image of a convolution by autograd in bfloat16, stride=(1, 1,
# 2), padding='valid'.
# Gives nan in place of 0 at (0, 0, 0, 0, 0); 1 of 4 numbers differ.
# oneDNN multiplies the zeros that stride inserts: a NaN or an infinity times such a zero is NaN.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n8c12o12-3x5x5-k2x2x2-s2x2x2-same_lower-g12-ones-inf-data.
from math import inf, nan

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

dy = torch.tensor([[[[[0, inf]]]]], dtype=torch.bfloat16)
w = torch.tensor([[[[[0]]]]], dtype=torch.bfloat16)

x = dy.new_zeros((1, 1, 1, 1, 4)).requires_grad_()
y = torch.autograd.grad(F.conv3d(x, w, stride=(1, 1, 2), padding="valid"), x, dy)[0]
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[[0, 0, nan, 0]]]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
