# torch 2.11.0 (device=cuda): gradient in the image of a transposed convolution by autograd in
# float32, padding=((0, 0), (8, 8)), groups=8.
# RuntimeError: CUDNN_BACKEND_OPERATION: cudnnFinalize Failedis_valid_spatial_dim(xSpatialDimA[dim],
# wSpatialDimA[dim], ySpatialDimA[dim], cDesc.getPadLowerA()[dim], cDesc.getPadUpperA()[dim], ...
# The gradients of a transposed convolution whose small side has no elements but padding end in an
# internal error of cuDNN, where the sums of nothing are zero.
# NVIDIA H100 80GB HBM3 (GPU of compute capability 9.0); Python 3.12.3. Found by convformance 0.1.0
# in the case regression-n1c8o8-16x0-k3x3-p0x8-g8.
import numpy as np
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

dy = torch.tensor(np.full((1, 8, 16, 0), 0), dtype=torch.float32, device='cuda')
w = torch.tensor(1 * (np.arange(72) == 0).reshape(8, 1, 3, 3), dtype=torch.float32, device='cuda')

x = dy.new_zeros((1, 8, 14, 14)).requires_grad_()
y = torch.autograd.grad(F.conv_transpose2d(x, w, padding=(0, 8), groups=8), x, dy)[0]
print(y)

# Right: a result of shape (1, 8, 14, 14).
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
