# paddlepaddle 3.3.1: convolution by conv in float32.
# RuntimeError: (PreconditionNotMet) The meta data must be valid when call the mutable data
# function. [Hint: Expected valid() == true, but received valid():0 != true:1.] (at ...
# Where a kernel is wider than the padded input the size of the result is computed as a negative
# number, and its memory cannot be had (The meta data must be valid).
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case regression-n2c2o3-11x12-k7x1-d2x1.
import paddle
import paddle.nn.functional as F
paddle.device.set_device("cpu")

x = paddle.to_tensor([[[[1]]]], "float32")
w = paddle.to_tensor([[[[1], [2], [3]]]], "float32")

y = F.conv2d(x, w, data_format='NCHW')
print(y)

# Right: a result of shape (1, 1, 0, 1).
# It ends in RuntimeError as long as this diverges, and with exit status 0 once it does not.
