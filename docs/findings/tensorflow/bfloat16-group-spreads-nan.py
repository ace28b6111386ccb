# tensorflow 2.21.0: convolution by nn.conv2d in bfloat16, groups=2.
# Gives nan in place of 0 at (0, 0, 1, 0); 1 of 6 numbers differ.
# A NaN reaches outputs whose window does not hold it, within its group.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case special-n2c6o4-6x5-k2x3-g2-nan-data.
from math import inf, nan
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[0, 0, 0, 0, 0, 0], [0, 0, 0, nan, 0, 0], [0, 0, 0, 0, 0, 0]]]], tf.bfloat16)
w = tf.constant([[[[0, 0], [0, 0], [0, 0]]]], tf.bfloat16)

y = tf.nn.conv2d(x, w, (1, 1), 'VALID')
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[0, 0], [0, nan], [0, 0]]]]
assert np.array_equal(y.numpy().tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
