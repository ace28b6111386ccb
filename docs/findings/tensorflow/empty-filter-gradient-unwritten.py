# tensorflow 2.21.0: gradient in the filter of a depthwise convolution of no images in float64.
# Gives what the memory held before in place of zeros.
# The filter gradient over an empty dy is left as the memory was, where the sum of nothing is zero.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7.
from math import nan
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.zeros((0, 5, 5, 2), tf.float64)
dy = tf.zeros((0, 3, 3, 4), tf.float64)
junk = [tf.fill((3, 3, 2, 2), tf.constant(nan, tf.float64)) for _ in range(64)]
del junk  # so that memory which is had next is likely not to be zero

y = tf.nn.depthwise_conv2d_backprop_filter(x, (3, 3, 2, 2), dy, (1, 1, 1, 1), "VALID")
print(y)

# Right: zeros, the sums of nothing.
assert not y.numpy().any()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
