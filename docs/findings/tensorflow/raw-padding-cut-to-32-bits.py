# tensorflow 2.21.0: convolution by nn.conv2d-unknown-shapes with padding 2^61. Seen: padding 2^61
# is accepted: a result of shape (2, 6, 3, 5), where the arguments have no meaning.
# Where shapes are not known while the graph is made, the size of the result is cut to 32 bits.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_2pow61.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.function(lambda x, w: tf.nn.conv2d(x, w, (1, 1),
        [[0, 0], [2305843009213693952, 2305843009213693952],
        [2305843009213693952, 2305843009213693952], [0,
        0]]), [tf.TensorSpec(None, x.dtype), tf.TensorSpec(None, w.dtype)])(x, w)
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although padding 2^61 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
