# tensorflow 2.21.0: convolution by nn.conv2d with dilation 2^31. Seen: the process died of SIGABRT;
# it said: Check failed: (::tsl::TfCheckOkDeprecationMarker(), GetNodeAttr(orig_node->def(),
# "dilations", &dilations)) is OK (INVALID_ARGUMENT: Attr dilations has value 2147483648 out of ...
# A check of the kernel ends the process in place of an exception.
# Right: an exception, or the result that these arguments mean.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_2pow31.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.nn.conv2d(x, w, (1, 1), 'VALID', dilations=(2147483648, 2147483648))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
