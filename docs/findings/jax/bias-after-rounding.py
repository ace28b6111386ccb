# jax 0.10.2: convolution by lax.conv_general_dilated in float16, stride=(2,), padding='valid'.
# Gives 14168 in place of 14160 at (0, 0, 0); 1 of 6 numbers differ.
# There is no convolution with a bias: the sum is rounded to the result's type before the bias is
# added in it.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n1c3o18-1-k1-s2-valid-g3-bias-sliced.
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array([[[-215]]], jnp.float16)
w = jnp.array([[[-66, -213, 94, 240, -214, -116]]], jnp.float16)
bias = jnp.array([-26, -97, -17, -249, 137, -237], jnp.float16)

def call(x, w, bias):
    return jnp.add(jax.lax.conv_general_dilated(x, w, (2,), 'VALID',
        dimension_numbers=('NWC', 'WIO', 'NWC')), bias)

y = jax.jit(call)(x, w, bias)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[14160, 45696, -20224, -51840, 46144, 24704]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
