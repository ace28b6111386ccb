# executorch 1.5.1: F.conv1d in bfloat16.
# Gives 256 in place of 258.
# The kernel sums in the type of the operands: 256 + 1 is rounded to 256, and the next 1 is lost as well.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import torch
import torch.nn.functional as F
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.runtime import Runtime


class Model(torch.nn.Module):
    def forward(self, x, w):
        return F.conv1d(x, w)


x = torch.tensor([[[256, 1, 1]]], dtype=torch.bfloat16)
w = torch.tensor([[[1, 1, 1]]], dtype=torch.bfloat16)

exported = torch.export.export(Model().eval(), (x, w))
lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
program = Runtime.get().load_program(lowered.to_executorch().buffer)
y = program.load_method("forward").execute((x, w))[0]
print(y)

# Right: 256 + 1 + 1, whose sums are exact in float32, whatever their order; bfloat16 has 258.
assert y.tolist() == [[[258]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
