# tensorflow 2.21.0: gradient in the filter of a convolution by conv2d_backprop_filter in float16,
# groups=2.
# InvalidArgumentError: filter_size does not have enough elements, requested 4, got 2
# [Op:Conv2DBackpropFilter].
# Conv2DBackpropFilter takes the channels of the input for those of a group and finds the filter too
# small.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c2o2-1x1-k1x1-s2x1-p2x1-g2-bias.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[1, 0]]]], tf.float16)
dy = tf.constant([[[[1, 2]]]], tf.float16)

y = tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=(1, 1, 1, 2), out_backprop=dy,
    padding='VALID', strides=(1, 1, 1, 1), dilations=(1, 1, 1, 1))
print(y)

# Right: [[[[1, 0]]]].
# It ends in InvalidArgumentError as long as this diverges, and with exit status 0 once it does not.
