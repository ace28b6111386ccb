# apache-tvm 0.27.0.post1: a convolution imported from ONNX in float16.
# Gives 2048 in place of 2050.
# The operator sums in the type of its result: 2048 + 1 is rounded to 2048, and the next 1 is lost as well.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import numpy as np
import tvm
from onnx import helper
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

x = np.array([[[2048, 1, 1]]], "float16")
w = np.array([[[1, 1, 1]]], "float16")

info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype(x.dtype)
node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=(3,))
infos = [info("x", kind, x.shape), info("w", kind, w.shape)]
graph = helper.make_graph([node], "case", infos, [info("y", kind, [None] * 3)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
machine = relax.VirtualMachine(tvm.compile(from_onnx(model), "llvm"), tvm.cpu())
y = machine["main"](tvm.runtime.tensor(x), tvm.runtime.tensor(w)).numpy()
print(y)

# Right: 2048 + 1 + 1, whose sums are exact in float32, whatever their order; float16 has 2050.
assert y.tolist() == [[[2050]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
