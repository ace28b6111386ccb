# tensorflow 2.21.0: convolution by nn.convolution in float32, dilation=(2, 1).
# InvalidArgumentError: cropped_shape[0]=-1 must be non-negative [Op:BatchToSpaceND] name:.
# A dilated convolution is made of a rearranged batch, which TensorFlow cannot put back where the
# result is empty.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); TF_ENABLE_ONEDNN_OPTS=0; Python 3.11.7. Found by
# convformance 0.1.0 in the case regression-n2c2o3-11x12-k7x1-d2x1.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[1]]]], tf.float32)
w = tf.constant([[[[1]]], [[[2]]]], tf.float32)

y = tf.nn.convolution(x, w, (1, 1), 'VALID', dilations=(2, 1))
print(y)

# Right: a result of shape (1, 0, 1, 1).
# It ends in InvalidArgumentError as long as this diverges, and with exit status 0 once it does not.
