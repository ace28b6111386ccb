# torch 2.13.0+cpu: transposed convolution by fuse_conv_bn_weights in float32, groups=2.
# RuntimeError: Given transposed=1, weight of size [2, 2, 1, 1], expected bias to be 1-dimensional
# with 4 elements, but got bias of size [2] instead.
# fuse_conv_bn_weights takes the channels of a group of a transposed convolution for all of them,
# and raises.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c6o2-1x1-k2x2-s3x3-p2x1-d2x2-g2-batch.norm.relu-expanded.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

x = torch.tensor([[[[1]], [[0]]]], dtype=torch.float32)
w = torch.tensor([[[[1]]], [[[2]]]], dtype=torch.float32)

mean = torch.tensor([-1.5, 0.5]).to(w)
variance = torch.tensor([0.015625, 0.0625]).to(w)
shift = torch.tensor([-1.0, 0.75]).to(w)
scale = torch.tensor([0.0625, -0.109375]).to(w)
w, bias = torch.nn.utils.fusion.fuse_conv_bn_weights(w, None, mean, variance, 0.015625, scale, shift, True)
y = F.conv_transpose2d(x, w, bias, groups=2)
y = F.relu(y)
print(y)

# Right: [[[[0]], [[0.9456559419631958]]]].
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
