# paddlepaddle 3.3.1: convolution by conv in float32.
# The result has shape (2, 0, 4, 2); wanted (2, 3, 4, 2).
# A convolution of no input channels gives a result of no channels.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n2c0o3-5x4-k2x3.
import numpy as np
import paddle
import paddle.nn.functional as F
paddle.device.set_device("cpu")

x = paddle.to_tensor(np.full((2, 0, 5, 4), 0), "float32")
w = paddle.to_tensor(np.full((3, 0, 2, 3), 0), "float32")

y = F.conv2d(x, w, data_format='NCHW')
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = np.full((2, 3, 4, 2), 0).tolist()
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
