# tensorflow 2.21.0: gradient in the filter of a convolution by raw_ops.Conv2DBackpropFilter with a
# dy of no axis. Seen: the process died of SIGABRT; it said: Check failed: index >= 0 && index <
# num_total_dims Invalid index from the dimension: 3, 0, C.
# A dy of fewer than four axes ends the process in place of an exception.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-a_dy_of_no_axis.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
dy = tf.constant(np.arange(1).reshape(()) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=(3, 2, 4, 6), out_backprop=dy,
        strides=(1, 1, 1, 1), padding='VALID')
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
