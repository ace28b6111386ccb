# torch 2.13.0: the gradient in the filter of a convolution of a conjugate, exported, in complex64.
# RuntimeError: We found a fake tensor in the exported program constant's list.
# torch.export leaves the tracing tensor of a conjugate among the constants of the program.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import torch
import torch.nn.functional as F


class Gradient(torch.nn.Module):
    def forward(self, x, dy):
        w = torch.zeros(1, 1, 1, dtype=x.dtype).requires_grad_()
        return torch.autograd.grad(F.conv1d(x.conj(), w), w, dy)[0]


x, dy = torch.tensor([[[1, 2]]]).cfloat(), torch.tensor([[[3, 4]]]).cfloat()
y = torch.export.export(Gradient(), (x, dy)).module()(x, dy)
print(y)

# Right: 1 * 3 + 2 * 4, as it is without torch.export.
assert y.tolist() == [[[11]]]
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
