# tensorflow 2.21.0: transposed convolution by nn.conv_transpose in float16, padding='valid',
# groups=2.
# InvalidArgumentError: input and filter_sizes must have the same number of channels. Got 2 for
# input and 1 for filter_sizes [Op:Conv3DBackpropInputV2].
# Conv3DBackpropInput takes the channels of a group for those of the input, and says that the sizes
# do not agree.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c5o5-4x3x11-k1x2x1-s2x1x3-same_lower-g5.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[[1, 0]]]]], tf.float16)
w = tf.constant([[[[[1, 2]]]]], tf.float16)

y = tf.nn.conv_transpose(x, w, (1, 1, 1, 1, 2), (1, 1, 1), 'VALID')
print(y)

# Right: [[[[[1, 0]]]]].
# It ends in InvalidArgumentError as long as this diverges, and with exit status 0 once it does not.
