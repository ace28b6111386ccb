# tensorflow 2.21.0: convolution by nn.conv2d in float32.
# The result has shape (1, 1, 1, 1); wanted (1, 1, 0, 1).
# oneDNN's forward convolution returns early on an empty tensor, with the shape of its input; what
# is built on it, a bias or a gradient made by hand, then fails or has that shape.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n2c4o6-2x6-k3x2.
import tensorflow as tf

tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[1]]]], tf.float32)
w = tf.constant([[[[1]]], [[[2]]]], tf.float32)

y = tf.nn.conv2d(x, w, (1, 1), "VALID")
print(y)

assert tuple(y.shape) == (1, 0, 1, 1)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
