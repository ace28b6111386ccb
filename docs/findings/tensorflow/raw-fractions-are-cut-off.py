# tensorflow 2.21.0: transposed convolution by nn.conv_transpose with dilation 1 and a half. Seen:
# dilation 1 and a half is accepted: a result of shape (2, 4, 5, 6), where the arguments have no
# meaning.
# Strides and dilations that are no integers are cut off in silence.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_1_and_a_half.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.nn.conv_transpose(x, w, (2, 5, 6, 4), (1, 1), 'VALID', dilations=(1.5, 1.5))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although dilation 1 and a half has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
