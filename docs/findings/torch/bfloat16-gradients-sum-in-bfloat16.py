# torch 2.13.0+cpu: transposed convolution by F.conv_transpose in bfloat16.
# Gives 256 in place of 258 at (0, 0, 2); 1 of 5 numbers differ.
# oneDNN's bfloat16 kernels want AVX-512; without it the gradients and the transposed convolution
# multiply and sum in bfloat16; forward sums in float32.
# AMD EPYC (x86-64 with AVX2); ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2; Python 3.11.7.
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

x = torch.tensor([[[1, 1, 256]]], dtype=torch.bfloat16)
w = torch.tensor([[[1, 1, 1]]], dtype=torch.bfloat16)

y = F.conv_transpose1d(x, w)
print(y)

# Right: 1 + 1 + 256 is exact in float32, and 258 is a number of bfloat16.
assert y[0, 0, 2] == 258
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
