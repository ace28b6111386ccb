# torch 2.11.0 (device=cuda): gradient in the filter of a convolution by autograd in float32.
# Gives 261504 in place of 261567 at (0, 0, 0, 0, 0); 1 of 1 numbers differ.
# PyTorch lets cuDNN round float32 operands to TF32 before they are multiplied;
# torch.backends.cudnn.allow_tf32 = False forbids it.
# NVIDIA H100 80GB HBM3 (GPU of compute capability 9.0); Python 3.12.3. Found by convformance 0.1.0
# in the case ranks-n2c3o5-5x4x6-k2x3x1.
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

x = torch.tensor([[[[[261567]]]]], dtype=torch.float32, device='cuda')
dy = torch.tensor([[[[[1]]]]], dtype=torch.float32, device='cuda')

w = dy.new_zeros((1, 1, 1, 1, 1)).requires_grad_()
y = torch.autograd.grad(F.conv3d(x, w), w, dy)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[[261567]]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
