# onnxruntime 1.32.0: transposed convolution by ConvTranspose-constant-filter-unknown-shapes with
# groups 0. Seen: the process died of SIGFPE.
# The number of groups divides while the model is loaded.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-groups_0.
import numpy as np
import onnxruntime as ort
from onnx import helper, numpy_helper

x = np.array(np.arange(180).reshape((2, 6, 3, 5)) % 5, "float32")
w = np.array(np.arange(144).reshape((6, 4, 3, 2)) % 5, "float32")
try:
    inputs = {"x": x}
    element = helper.np_dtype_to_tensor_dtype
    node = helper.make_node("ConvTranspose", ['x', 'w'], ["y"], group=0)
    infos = [helper.make_tensor_value_info(n, element(a.dtype), None) for n, a in inputs.items()]
    result = helper.make_tensor_value_info("y", element(x.dtype), None)
    graph = helper.make_graph([node], "case", infos, [result], [numpy_helper.from_array(w, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, inputs)[0]
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
