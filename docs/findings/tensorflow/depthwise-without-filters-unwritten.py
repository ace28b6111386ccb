# tensorflow 2.21.0: gradient in the image of a depthwise convolution without filters in float64.
# Gives what the memory held before in place of zeros.
# The input gradient of a depthwise convolution without filters is left as the memory was, where
# the sum of nothing is zero.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7.
from math import nan
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.zeros((1, 3, 3, 0), tf.float64)
w = tf.zeros((3, 3, 2, 0), tf.float64)
junk = [tf.fill((1, 5, 5, 2), tf.constant(nan, tf.float64)) for _ in range(64)]
del junk  # so that memory which is had next is likely not to be zero

y = tf.nn.depthwise_conv2d_backprop_input((1, 5, 5, 2), w, dy, (1, 1, 1, 1), "VALID")
print(y)

# Right: zeros, the sums of nothing.
assert not y.numpy().any()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
