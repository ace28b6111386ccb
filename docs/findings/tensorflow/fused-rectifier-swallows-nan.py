# tensorflow 2.21.0: convolution by the same in a graph in float32.
# Gives 0 in place of nan at (0, 0, 0, 0); 1 of 1 numbers differ.
# A graph makes one oneDNN operation of convolution, bias and rectifier, which makes a zero of a
# NaN.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case composition-n2c4o6-6x5-k3x2-bias-relu-nan-data.
from math import inf, nan
import numpy as np
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[nan]]]], tf.float32)
w = tf.constant([[[[0]]]], tf.float32)
bias = tf.constant([242], tf.float32)

@tf.function(autograph=False)
def graph(x, w, bias):
    y = tf.nn.bias_add(tf.nn.convolution(x, w, (1, 1), 'VALID'), bias)
    return tf.nn.relu(y)
y = graph(x, w, bias)
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[[nan]]]]
assert np.array_equal(y.numpy().tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
