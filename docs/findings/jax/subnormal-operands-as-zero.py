# jax 0.10.2: transposed convolution by lax.conv_transpose in bfloat16.
# Gives 0 in place of 0.02734375 at (0, 0, 0, 0); 1 of 1 numbers differ.
# XLA switches its threads to take subnormal numbers for 0; float16 is widened before.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array([[[[-1.4887353552791058e+38]]]], jnp.bfloat16)
w = jnp.array([[[[-1.8367099231598242e-40]]]], jnp.bfloat16)

def call(x, w):
    return jax.lax.conv_transpose(x, w, (1, 1), ((0, 0), (0, 0)),
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'), transpose_kernel=True)

y = jax.jit(call)(x, w)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[0.02734375]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
