# keras 3.15.1 (backend=jax): convolution by conv in float64.
# Gives 0 in place of -7.771561172376096e-16 at (0, 0, 0, 0); 1 of 1 numbers differ.
# XLA switches its threads to take subnormal numbers for 0; float16 is widened before.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n2c6o6-7x8-k3x2-s2x1-g2-subnormal.
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras
import jax
jax.config.update("jax_enable_x64", True)

x = keras.ops.convert_to_tensor([[[[7.864907465022632e+307]]]], "float64")
w = keras.ops.convert_to_tensor([[[[-1e-323]]]], "float64")

def call(x, w):
    return keras.ops.conv(x, w, padding='valid')

y = jax.jit(call)(x, w)
print(y)

# Right: sums of these numbers are exact in float64, whatever their order.
want = [[[[-7.771561172376096e-16]]]]
assert keras.ops.convert_to_numpy(y).tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
