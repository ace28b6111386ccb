# tensorflow 2.21.0: gradient in the filter of a convolution, made of a convolution, of no images, in
# float32.
# ZeroDivisionError: integer modulo by zero.
# The filter gradient made of a forward convolution fails in TensorFlow's own shape arithmetic when
# there is no batch.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); TF_ENABLE_ONEDNN_OPTS=0; Python 3.11.7.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

# The images and dy with their channels and batches exchanged, so that 0 images are 0 channels.
images = tf.zeros((4, 9, 0), tf.float32)
filters = tf.zeros((3, 0, 6), tf.float32)

y = tf.nn.convolution(images, filters, 1, "VALID", dilations=2)
print(y)

# Right: zeros of shape (4, 5, 6), the sums of nothing.
# It ends in ZeroDivisionError as long as this diverges, and with exit status 0 once it does not.
