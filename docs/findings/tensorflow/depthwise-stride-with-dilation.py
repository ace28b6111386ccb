# tensorflow 2.21.0: convolution by nn.depthwise_conv2d in float32, stride=(2, 1), dilation=(2, 1).
# The result has shape (1, 1, 2, 1); wanted (1, 1, 1, 1).
# Documented as not offered, accepted with a warning, and wrong in shape or values.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c3o6-5x1-k1x1-s2x1-p2.0x0.1-d2x1-g3.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[1]], [[0]]]], tf.float32)
w = tf.constant([[[[1]]]], tf.float32)

y = tf.nn.depthwise_conv2d(x, tf.reshape(w, (1, 1, 1, 1)), (1, 2, 1, 1), 'VALID', dilations=(2, 1))
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[1]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
