# tensorflow 2.21.0: convolution by nn.convolution with dilation in texts. Seen: dilation in texts
# is accepted: a result of shape (2, 6, 1, 4), where the arguments have no meaning.
# A dilation that is a text is read as a number.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_in_texts.
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, tf.float32)
w = tf.constant(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, tf.float32)
try:
    y = tf.nn.convolution(x, w, (1, 1), 'VALID', dilations=('2', '2'))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although dilation in texts has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
