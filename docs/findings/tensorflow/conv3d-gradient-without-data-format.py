# tensorflow 2.21.0: gradient in the image of a convolution by GradientTape in bfloat16,
# padding='valid'.
# AttributeError: 'NoneType' object has no attribute 'decode'.
# In eager mode the gradient of tf.nn.convolution over three axes reads a data format that nobody
# set, and raises.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c1o1-4x6x3-k2x2x2-s2x2x1-full-bias-permuted.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.constant([[[[[1]]]]], tf.bfloat16)
w = tf.constant([[[[[1]]]]], tf.bfloat16)

x = tf.zeros((1, 1, 1, 1, 1), dy.dtype)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.nn.convolution(x, w, (1, 1, 1), 'VALID')
y = tape.gradient(y, x, output_gradients=dy)
print(y)

# Right: [[[[[1]]]]].
# It ends in AttributeError as long as this diverges, and with exit status 0 once it does not.
