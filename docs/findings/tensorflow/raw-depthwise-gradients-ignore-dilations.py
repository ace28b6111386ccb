# tensorflow 2.21.0: gradient in the image of a convolution by
# raw_ops.DepthwiseConv2dNativeBackpropInput with dilation -1. Seen: dilation -1 is accepted: a
# result of shape (2, 4, 5, 6), where the arguments have no meaning.
# The gradients of the depthwise convolution do not read their dilations, whatever these are.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o4-5x6-k3x2-g4-dilation_m1.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.constant(np.arange(120).reshape((2, 4, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(24).reshape((4, 1, 3, 2)).transpose(2, 3, 0, 1) % 5, tf.float32)
try:
    y = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(input_sizes=(2, 5, 6, 4), filter=w,
        out_backprop=dy, strides=(1, 1, 1, 1), padding='VALID', dilations=(1, -1, -1, 1))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although dilation -1 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
