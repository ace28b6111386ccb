# tensorflow 2.21.0: gradient in the image of a convolution by raw_ops.Conv2DBackpropInput with
# stride of no axis. Seen: the process died of SIGABRT; it said: Check failed: index >= 0 && index <
# num_total_dims Invalid index from the dimension: 3, 0, C.
# The gradient looks up the stride of an axis that the list does not have, and a check ends the
# process.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-stride_of_no_axis.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.constant(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2DBackpropInput(input_sizes=(2, 5, 6, 4), filter=w, out_backprop=dy,
        strides=(1, 1), padding='VALID')
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
