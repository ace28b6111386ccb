# onnxruntime 1.32.0: transposed convolution by ConvTranspose-unknown-shapes with result size -1.
# Seen: result size -1 is accepted: a result of shape (2, 4, 4, 5, 6), where the arguments have no
# meaning.
# A negative output_shape is taken for none, where shapes are not declared.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-4x5x6-k2x3x2-result_size_m1.
import numpy as np
import onnxruntime as ort
from onnx import helper

x = np.array(np.arange(540).reshape((2, 6, 3, 3, 5)) % 5, "float32")
w = np.array(np.arange(288).reshape((6, 4, 2, 3, 2)) % 5, "float32")
try:
    inputs = {"x": x, "w": w}
    element = helper.np_dtype_to_tensor_dtype
    node = helper.make_node("ConvTranspose", ['x', 'w'], ["y"], output_shape=(-1, -1, -1))
    infos = [helper.make_tensor_value_info(n, element(a.dtype), None) for n, a in inputs.items()]
    result = helper.make_tensor_value_info("y", element(x.dtype), None)
    graph = helper.make_graph([node], "case", infos, [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, inputs)[0]
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although result size -1 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
