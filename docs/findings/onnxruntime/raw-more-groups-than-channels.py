# onnxruntime 1.32.0: convolution by Conv-constant-filter with groups 8 of 4 channels. Seen: groups
# 8 of 4 channels is accepted: a result of shape (2, 8, 3, 5), where the arguments have no meaning.
# A constant filter is arranged in blocks while the model is loaded, and its groups are not looked
# at again.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-groups_8_of_4_channels.
import numpy as np
import onnxruntime as ort
from onnx import helper, numpy_helper

x = np.array(np.arange(240).reshape((2, 4, 5, 6)) % 5, "float32")
w = np.array(np.arange(48).reshape((8, 1, 3, 2)) % 5, "float32")
try:
    inputs = {"x": x}
    element = helper.np_dtype_to_tensor_dtype
    node = helper.make_node("Conv", ['x', 'w'], ["y"], group=8)
    infos = [helper.make_tensor_value_info(n, element(a.dtype), a.shape) for n, a in inputs.items()]
    result = helper.make_tensor_value_info("y", element(x.dtype), None)
    graph = helper.make_graph([node], "case", infos, [result], [numpy_helper.from_array(w, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, inputs)[0]
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although groups 8 of 4 channels has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
