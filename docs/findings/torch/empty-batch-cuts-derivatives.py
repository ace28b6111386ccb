# torch 2.13.0+cpu: gradient in the filter of a convolution by double-backward in float64,
# stride=(2,), groups=2.
# RuntimeError: The differentiated Tensor at index 0 appears to not have been used in the graph. Set
# allow_unused=True if this is the desired behavior.
# The gradient of a convolution of an empty batch is not connected with its operands: a second
# derivative says that they were not used.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n0c4o6-9-k4-s2-g2.
import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.tensor(np.full((0, 4, 9), 0), dtype=torch.float64)
dy = torch.tensor(np.full((0, 6, 3), 0), dtype=torch.float64)

direction, x, w = x, torch.zeros_like(x).requires_grad_(), dy.new_zeros((6, 2, 4)).requires_grad_()
(gradient,) = torch.autograd.grad(F.conv1d(x, w, stride=(2,), groups=2), x, dy, create_graph=True)
y = torch.autograd.grad(gradient, w, direction)[0]
print(y)

# Right: a result of shape (6, 2, 4).
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
