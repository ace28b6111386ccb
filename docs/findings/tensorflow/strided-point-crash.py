# tensorflow 2.21.0: convolution by nn.conv2d in bfloat16, stride=(1, 2), padding=((0, 0), (1, 1)),
# dilation=(1, 2).
# The process died of SIGSEGV.
# oneDNN ends the process on a padded, strided and dilated axis of size 1 with a kernel of 1.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case memory-n1c2o1-2x1-k1x1-s1x2-p0x1-d1x2-permuted.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[1]], [[2]]]], tf.bfloat16)
w = tf.constant([[[[1]]]], tf.bfloat16)

y = tf.nn.conv2d(x, w, (1, 2), [[0, 0], [0, 0], [1, 1], [0, 0]], dilations=(1, 2))
print(y)

# Right: [[[[0], [0]], [[0], [0]]]].
# It ends by SIGSEGV as long as this diverges, and with exit status 0 once it does not.
