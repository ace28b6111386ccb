# paddlepaddle 3.3.1: convolution by conv in float32, padding='same_upper', dilation=(1, 2, 1).
# Gives 1 in place of 0 at (0, 0, 0, 0, 0); 1 of 1 numbers differ.
# Under the padding SAME the dilation is set to 1, without a word.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c5o3-3x8x3-k1x2x1-s1x2x2-same_upper-d1x2x2.
import paddle
import paddle.nn.functional as F
paddle.device.set_device("cpu")

x = paddle.to_tensor([[[[[1]]]]], "float32")
w = paddle.to_tensor([[[[[1], [2]]]]], "float32")

y = F.conv3d(x, w, dilation=(1, 2, 1), padding='SAME', data_format='NCDHW')
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[[0]]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
