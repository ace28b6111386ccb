# onnx 1.23.2: transposed convolution with a bias by ConvTranspose in float32, group=2.
# Gives 1 in place of 2 at (0, 1, 0); 1 of 2 numbers differ.
# Every group is given the bias of all of them, and adds its first number.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

inputs = {
    "x": np.zeros((1, 2, 1), np.float32),
    "w": np.zeros((2, 1, 1), np.float32),
    "bias": np.array([1, 2], np.float32),
}
info = helper.make_tensor_value_info
node = helper.make_node("ConvTranspose", list(inputs), ["y"], group=2)
infos = [info(name, 1, array.shape) for name, array in inputs.items()]
graph = helper.make_graph([node], "case", infos, [info("y", 1, [None] * 3)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
y = ReferenceEvaluator(model).run(None, inputs)[0]
print(y)

# Right: data of zeros gives the bias.
assert y.tolist() == [[[1], [2]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
