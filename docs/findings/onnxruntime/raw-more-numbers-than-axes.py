# onnxruntime 1.32.0: convolution by Conv-unknown-shapes with dilation of one axis more. Seen:
# dilation of one axis more is accepted: a result of shape (2, 6, 1, 4), where the arguments have no
# meaning.
# Where shapes are not declared, entries of strides, dilations and pads beyond the axes are not
# looked at.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_of_one_axis_more.
import numpy as np
import onnxruntime as ort
from onnx import helper

x = np.array(np.arange(240).reshape((2, 4, 5, 6)) % 5, "float32")
w = np.array(np.arange(144).reshape((6, 4, 3, 2)) % 5, "float32")
try:
    inputs = {"x": x, "w": w}
    element = helper.np_dtype_to_tensor_dtype
    node = helper.make_node("Conv", ['x', 'w'], ["y"], dilations=(2, 2, 2))
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
    raise AssertionError("a result, although dilation of one axis more has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
