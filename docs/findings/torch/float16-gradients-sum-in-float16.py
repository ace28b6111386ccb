# torch 2.13.0+cpu: gradient in the image of a convolution by vmap-dy in float16.
# Gives -8840 in place of -8848 at (0, 0, 2, 1); 1 of 9 numbers differ.
# On the CPU the float16 gradients and the transposed convolution multiply and sum in float16;
# forward sums in float32.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case regression-n1c1o1-7x7-k2x2-s2x2-d2x2.
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

dy = torch.tensor([[[[0, 0], [0, 0], [-36, 1]]]], dtype=torch.float16)
w = torch.tensor([[[[-170, 241]]]], dtype=torch.float16)

x = dy.new_zeros((1, 1, 3, 3))


def single(image):
    dy = image[None]
    return torch.func.vjp(lambda x: F.conv2d(x, w), x[:1])[1](dy)[0][0]


y = torch.func.vmap(single)(dy)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[0, 0, 0], [0, 0, 0], [6120, -8848, 241]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
