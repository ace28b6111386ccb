# tensorflow 2.21.0: transposed convolution by nn.conv2d_transpose-unknown-shapes with stride 0.
# Seen: the process died of SIGFPE; it said: To silence this warning, decorate the function with
# @tf.autograph.experimental.do_not_convert.
# Where shapes are not known while the graph is made, nothing checks the stride, and the kernel
# divides by it.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-stride_0.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.function(lambda x, w, size: tf.nn.conv2d_transpose(x, w, size, (0, 0), 'VALID'),
        [tf.TensorSpec(None, x.dtype), tf.TensorSpec(None, w.dtype),
        tf.TensorSpec(None, tf.int32)])(x, w, tf.constant((2, 5, 6, 4), tf.int32))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
