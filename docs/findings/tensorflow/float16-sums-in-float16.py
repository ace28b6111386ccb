# tensorflow 2.21.0: gradient in the filter of a convolution by tf.pad GradientTape in float16,
# padding=((1, 1), (0, 1)).
# Gives 58368 in place of 58336 at (0, 0, 0, 0); 1 of 1 numbers differ.
# On the CPU the Eigen kernels, which serve float16, multiply and sum in it.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case borders-n2c4o6-1x5-k3x2-p1x0.1-symmetric.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[[18.875], [-31.25], [-22.875]]]], tf.float16)
dy = tf.constant([[[[149], [-173], [-255], [-236]], [[149], [-173], [-255], [-236]],
    [[149], [-173], [-255], [-236]]]], tf.float16)

w = tf.zeros((1, 1, 1, 1), dy.dtype)
with tf.GradientTape() as tape:
    tape.watch(w)
    y = tf.nn.convolution(tf.pad(x, ((0, 0), (1, 1), (0, 1), (0, 0)), 'SYMMETRIC'), w, (1, 1),
        'VALID')
y = tape.gradient(y, w, output_gradients=dy)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[58336]]]]
assert y.numpy().tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
