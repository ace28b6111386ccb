# torch 2.13.0+cpu: transposed convolution by F.conv_transpose in bfloat16, dilation=(3,).
# Gives 568 in place of 572 at (0, 0, 0); 2 of 8 numbers differ.
# oneDNN does not take an output padding of the stride or more; what answers in its place sums in
# bfloat16.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c2o18-11-k3-y3-d3-g2-bias-permuted-wide-range.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.tensor([[[7], [8], [9], [1], [2]]], dtype=torch.bfloat16)
w = torch.tensor([[[20, 21, 19]], [[23, 24, 22]], [[26, 27, 25]], [[2, 3, 1]], [[5, 6, 4]]], dtype=torch.bfloat16)
bias = torch.tensor([1], dtype=torch.bfloat16)

y = F.conv_transpose1d(x, w, bias, output_padding=(1,), dilation=(3,))
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[572, 1, 1, 600, 1, 1, 544, 1]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
