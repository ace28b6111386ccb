# torch 2.13.0+cpu (mkldnn=off): convolution by F.conv in float32.
# Gives 25.999998092651367 in place of 26 at (12, 0, 0, 1); 1 of 32 numbers differ.
# Without oneDNN, batches of 16 and more go to NNPACK, whose Winograd and Fourier transforms are not
# exact and spread large numbers over a tile.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case paths-n17c8o8-6x6-k3x3-p1x1.
import torch
import torch.nn.functional as F
torch.set_num_threads(1)
torch.backends.mkldnn.enabled = False

x = torch.arange(1.0, 33).reshape(16, 1, 1, 2)
w = torch.tensor([[[[1]]]], dtype=torch.float32)

y = F.conv2d(x, w)
print(y)

# Right: the image itself.
assert y.tolist() == x.tolist()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
