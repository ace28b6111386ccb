# iree-base-compiler 3.13.0: transposed convolution by ConvTranspose in float32, groups=2.
# CompilerToolError: 'tensor.collapse_shape' op expected reassociation map #0 to have size equal to ...
# It becomes a depthwise convolution, and the filter keeps the axis of the groups.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import iree.compiler.tools.import_onnx.__main__ as importer
import numpy as np
from iree.compiler import compile_str
from iree.runtime import load_vm_flatbuffer
from onnx import helper, save

x = np.array([[[1, 2], [3, 4]]], "float32")
w = np.array([[[2]], [[3]]], "float32")

inputs = {"x": x, "w": w}
info, kind = helper.make_tensor_value_info, helper.np_dtype_to_tensor_dtype
nodes = [helper.make_node("ConvTranspose", ["x", "w"], ["y0"], group=2)]
infos = [info(n, kind(a.dtype), a.shape) for n, a in inputs.items()]
result = info("y0", kind(x.dtype), [None] * x.ndim)
graph = helper.make_graph(nodes, "case", infos, [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
save(model, "case.onnx")
importer.main(importer.parse_arguments(["case.onnx", "-o", "case.mlir"]))
binary = compile_str(open("case.mlir").read(), input_type="onnx", target_backends=["llvm-cpu"])
y = load_vm_flatbuffer(binary, driver="local-sync").case(*inputs.values()).to_host().copy()
print(y)

# Right: [[[2, 4], [9, 12]]].
assert y.tolist() == [[[2, 4], [9, 12]]]
# It ends in CompilerToolError as long as this diverges, and with exit status 0 once it does not.
