# tensorflow 2.21.0: convolution by nn.depthwise_conv2d in bfloat16.
# Gives -16640 in place of -16768 at (0, 0, 0, 0); 1 of 1 numbers differ.
# Eigen's convolution over three axes and its depthwise convolution multiply and sum in bfloat16.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); TF_ENABLE_ONEDNN_OPTS=0; Python 3.11.7. Found by
# convformance 0.1.0 in the case regression-n1c1o1-30x2-k3x1-p2x0-d2x1.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[-206]], [[-254]]]], tf.bfloat16)
w = tf.constant([[[[-211]]], [[[237]]]], tf.bfloat16)

y = tf.nn.depthwise_conv2d(x, tf.reshape(w, (2, 1, 1, 1)), (1, 1, 1, 1), 'VALID')
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[-16768]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
