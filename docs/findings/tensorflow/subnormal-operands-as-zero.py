# tensorflow 2.21.0: convolution by nn.conv2d in float32, padding='valid'.
# Gives -3.5762786865234375e-07 in place of 2.562999725341797e-06 at (0, 0, 0, 0); 1 of 1 numbers
# differ.
# TensorFlow's threads take subnormal numbers for 0; float16 is widened before.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c3o3-2x1-k1x1-s2x3-same_lower-g3-bias-subnormal.
import tensorflow as tf

tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[-1.961817850054744e-44]]]], tf.float32)
w = tf.constant([[[[-1.4887353552791058e38]]]], tf.float32)
bias = tf.constant([-3.5762786865234375e-07], tf.float32)

y = tf.nn.bias_add(tf.nn.conv2d(x, w, (1, 1), "VALID"), bias)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[2.562999725341797e-06]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
