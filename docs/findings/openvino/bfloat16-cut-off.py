# openvino 2026.4.1: a convolution imported from ONNX in bfloat16, on a processor with AVX2 and without AVX-512.
# Gives 256 in place of 258.
# The conversion to bfloat16 adds half a unit only where the last digit that stays is 1: 257.5 becomes 256.
# AMD EPYC (x86-64 with AVX2; ONEDNN_MAX_CPU_ISA=AVX2); Python 3.11.7. Found by convformance 0.1.0.
import ml_dtypes
import numpy as np
import openvino
from onnx import TensorProto, helper

info, kind = helper.make_tensor_value_info, TensorProto.BFLOAT16
node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=(1, 2))
infos = [info("x", kind, (1, 1, 1, 2)), info("w", kind, (1, 1, 1, 2))]
graph = helper.make_graph([node], "case", infos, [info("y", kind, (1, 1, 1, 1))])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)

core, settings = openvino.Core(), {"INFERENCE_PRECISION_HINT": "f32"}
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
request = compiled.create_infer_request()
arrays = {"x": [[[[256, 1.5]]]], "w": [[[[1, 1]]]]}
bits = {name: np.array(numbers, ml_dtypes.bfloat16).view(np.uint16) for name, numbers in arrays.items()}
request.infer({name: openvino.Tensor(each, each.shape, openvino.Type.bf16) for name, each in bits.items()})
y = request.get_output_tensor().data.view(ml_dtypes.bfloat16).astype(float)
print(y)

# Right: 257.5 lies nearer to 258 than to 256, and bfloat16 has nothing between them.
assert y.tolist() == [[[[258]]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
