# torch 2.11.0 (device=cuda): convolution by F.conv in float16.
# Gives -10520 in place of -10512 at (0, 0, 0, 0); 1 of 1 numbers differ.
# The bias is added to a result that has been rounded already, and the sum is rounded again.
# NVIDIA H100 80GB HBM3 (GPU of compute capability 9.0); Python 3.12.3. Found by convformance 0.1.0
# in the case bias-n2c4o6-11x8-k2x1-s4x3-bias.
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

x = torch.tensor([[[[-7.5], [-39.75]]]], dtype=torch.float16, device='cuda')
w = torch.tensor([[[[38], [256]]]], dtype=torch.float16, device='cuda')
bias = torch.tensor([-53.25], dtype=torch.float16, device='cuda')

y = F.conv2d(x, w, bias)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[-10512]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
