# torch 2.13.0+cpu: gradient in the bias of a convolution by autograd in float16, padding=((0, 2),
# (2, 0)), dilation=(1, 2).
# Gives -1242 in place of -1243 at (0,); 1 of 1 numbers differ.
# The sum over batch and space keeps some of its parts in float16: which, depends on the order of
# the axes.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n8c2o2-5x2-k2x2-s7x2-p2x2.0-d3x2-g2-bias-permuted.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

dy = torch.tensor([[[[0], [1139], [1139]]], [[[1], [-1761], [-1761]]]], dtype=torch.float16)

x, w = dy.new_zeros((2, 1, 1, 1)), dy.new_zeros((1, 1, 1, 2))
bias = dy.new_zeros((1,)).requires_grad_()
y = torch.autograd.grad(F.conv2d(F.pad(x, [2, 0, 0, 2]), w, bias, dilation=(1, 2)), bias, dy)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [-1243]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
