# tensorflow 2.21.0: convolution by nn.convolution in float32, stride=(1, 1, 3),
# padding='same_upper'.
# Gives 0 in place of 1 at (0, 0, 0, 0, 0); 1 of 1 numbers differ.
# Eigen's Conv3D pads SAME by a negative amount where the stride passes the kernel, in place of
# none: values shift.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); TF_ENABLE_ONEDNN_OPTS=0; Python 3.11.7.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[[1], [0], [0]]]]], tf.float32)
w = tf.constant([[[[[1]]]]], tf.float32)

y = tf.nn.convolution(x, w, (1, 1, 3), 'SAME')
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[[1]]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
