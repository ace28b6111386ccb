# tensorflow 2.21.0: convolution by raw_ops.Conv2D with padding of no axis. Seen: padding of no axis
# is accepted: a result of shape (2, 6, 3, 5), where the arguments have no meaning.
# A list of paddings of another length than the axes need is read as far as it goes, or past its
# end.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_of_no_axis.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.raw_ops.Conv2D(input=x, filter=w, strides=(1, 1, 1, 1), padding='EXPLICIT',
        explicit_paddings=[0, 0, 0, 0])
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although padding of no axis has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
