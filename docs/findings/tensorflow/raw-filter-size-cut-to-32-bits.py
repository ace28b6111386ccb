# tensorflow 2.21.0: gradient in the filter of a convolution by raw_ops.Conv2DBackpropFilter with
# size of the filter 2^62. Seen: size of the filter 2^62 is accepted: a result of shape (6, 4, 0,
# 0), where the arguments have no meaning.
# Of a size of 2^62 the lower 32 bits are taken, which are zero: an empty result.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-size_of_the_filter_2pow62.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
dy = tf.constant(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=(4611686018427387904,
        4611686018427387904, 4, 6), out_backprop=dy, strides=(1, 1, 1, 1), padding='VALID')
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although size of the filter 2^62 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
