# tensorflow 2.21.0: gradient in the image of a convolution by depthwise_conv2d_backprop_input in
# float64, stride=(2, 2), dilation=(1, 2).
# Gives 2 in place of 0 at (0, 0, 1, 0); 2 of 3 numbers differ.
# The gradients of the depthwise convolution take a dilation and compute with none: the values are
# those of neighbouring taps, or the sizes are said not to agree.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case regression-n1c1o1-7x7-k2x2-s2x2-d2x2.
import tensorflow as tf

tf.config.set_visible_devices([], "GPU")

dy = tf.constant([[[[1]]]], tf.float64)
w = tf.constant([[[[1]], [[2]]]], tf.float64)

y = tf.nn.depthwise_conv2d_backprop_input(
    (1, 1, 3, 1), tf.reshape(w, (1, 2, 1, 1)), dy, (1, 2, 2, 1), "VALID", dilations=(1, 1, 2, 1)
)
print(y)

# Right: sums of these numbers are exact in float64, whatever their order.
want = [[[[1], [0], [2]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
