# executorch 1.5.1: F.conv1d in float16 by XNNPACK, one channel.
# Gives 2048 in place of 2050.
# XNNPACK sums in float32 where a group has more than one channel, and in float16 where it has one.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import torch
import torch.nn.functional as F
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.runtime import Runtime

x = torch.tensor([[[2048, 1, 1]]], dtype=torch.float16)
w = torch.tensor([[[1, 1, 1]]], dtype=torch.float16)


class Model(torch.nn.Module):
    def forward(self, x):
        return F.conv1d(x, self.w)


model = Model()
model.w = torch.nn.Parameter(w)
lowered = to_edge_transform_and_lower(torch.export.export(model.eval(), (x,)), partitioner=[XnnpackPartitioner()])
program = Runtime.get().load_program(lowered.to_executorch().buffer)
y = program.load_method("forward").execute((x,))[0]
print(y)

# Right: 2048 + 1 + 1, whose sums are exact in float32, whatever their order; float16 has 2050.
assert y.tolist() == [[[2050]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
