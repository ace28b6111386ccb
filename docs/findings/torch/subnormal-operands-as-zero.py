# torch 2.13.0+cpu: convolution by F.conv in bfloat16, padding='valid'.
# Gives 0 in place of 0.1640625 at (0, 0, 0, 0, 0); 1 of 1 numbers differ.
# The processor's products of bfloat16 take subnormal numbers for 0, in whatever mode it is (Intel's
# manual, VDPBF16PS).
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c1o2-4x1x4-k1x1x3-s3x3x3-same_lower-d2x2x2-guarded-subnormal.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.tensor([[[[[1.285696946211877e-39]]]]], dtype=torch.bfloat16)
w = torch.tensor([[[[[1.2760588759535192e38]]]]], dtype=torch.bfloat16)

y = F.conv3d(x, w, padding="valid")
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[[0.1640625]]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
