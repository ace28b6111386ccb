# torch 2.13.0+cpu: convolution by F.conv in bfloat16, stride=(1, 2), padding=((0, 0), (1, 1)),
# dilation=(1, 2).
# The process died of SIGSEGV.
# oneDNN ends the process on channels-last data with a padded, strided and dilated axis of size 1
# and kernel 1.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case memory-n1c2o1-2x1-k1x1-s1x2-p0x1-d1x2-permuted.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.empty_strided((1, 2, 2, 1), (4, 1, 2, 2), dtype=torch.bfloat16)
x[...] = torch.tensor([[[[-143], [179]], [[-211], [175]]]], dtype=torch.bfloat16)
w = torch.tensor([[[[-217]], [[38]]]], dtype=torch.bfloat16)

y = F.conv2d(x, w, stride=(1, 2), padding=(0, 1), dilation=(1, 2))
print(y)

# Right: [[[[0, 0], [0, 0]]]].
# It ends by SIGSEGV as long as this diverges, and with exit status 0 once it does not.
