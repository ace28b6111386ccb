# tensorflow 2.21.0: gradient in the bias of a convolution by GradientTape in bfloat16.
# Gives 256 in place of 258 at (0,); 1 of 1 numbers differ.
# The gradient of the bias is summed in 16 bits.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case bias-n3c3o5-11-k4-s2-bias.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

dy = tf.constant([[[1], [1], [255], [1]]], tf.bfloat16)

bias = tf.zeros((1,), dy.dtype)
with tf.GradientTape() as tape:
    tape.watch(bias)
    y = tf.nn.bias_add(tf.zeros_like(dy), bias)
y = tape.gradient(y, bias, output_gradients=dy)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [258]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
