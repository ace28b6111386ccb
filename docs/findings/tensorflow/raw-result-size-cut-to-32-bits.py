# tensorflow 2.21.0: gradient in the image of a convolution by raw_ops.Conv2DBackpropInput with
# result size 2^62. Seen: result size 2^62 is accepted: a result of shape (2, 4, 0, 0), where the
# arguments have no meaning.
# Of a size of 2^62 the lower 32 bits are taken, which are zero: an empty result.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-result_size_2pow62.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.constant(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2DBackpropInput(input_sizes=(2, 4611686018427387904, 4611686018427387904, 4),
        filter=w, out_backprop=dy, strides=(1, 1, 1, 1), padding='VALID')
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although result size 2^62 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
