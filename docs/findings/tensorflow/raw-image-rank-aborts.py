# tensorflow 2.21.0: convolution by raw_ops.Conv2D with an image of two axes. Seen: the process died
# of SIGABRT; it said: Check failed: index >= 0 && index < num_total_dims Invalid index from the
# dimension: 3, 0, C.
# An image of fewer than four axes ends the process in place of an exception.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-an_image_of_two_axes.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(30).reshape((5, 6)) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2D(input=x, filter=w, strides=(1, 1, 1, 1), padding='VALID')
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
