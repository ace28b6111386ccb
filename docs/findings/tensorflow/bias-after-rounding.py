# tensorflow 2.21.0: convolution by nn.conv2d in bfloat16, padding='valid'.
# Gives 27648 in place of 27776 at (0, 0, 0, 4); 1 of 5 numbers differ.
# There is no convolution with a bias: the sum is rounded to the result's type before the bias is
# added in it.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c1o24-1x2-k1x1-same_lower-bias-permuted.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[-212]]]], tf.bfloat16)
w = tf.constant([[[[0, 0, 0, 0, -130]]]], tf.bfloat16)
bias = tf.constant([-195, -145, 233, -17, 181], tf.bfloat16)

y = tf.nn.bias_add(tf.nn.conv2d(x, w, (1, 1), 'VALID'), bias)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[-195, -145, 233, -17, 27776]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
