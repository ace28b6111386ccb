# jax 0.10.2: gradient in the bias of a convolution by vjp in float16.
# Gives -7852 in place of -7848 at (0,); 1 of 1 numbers differ.
# The gradient of the bias is summed in 16 bits.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case bias-n2c4o8-7x6-k2x3-s2x1-g4-bias.
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

dy = jnp.array([[[[-737], [-115], [-1723], [-455]], [[-1847], [721], [-2033], [-87]],
    [[-1735], [775], [-1173], [563]]]], jnp.float16)

def call(dy):
    return jax.vjp(lambda bias: jnp.add(jnp.zeros_like(dy), bias),
        jnp.zeros((1,), dy.dtype))[1](dy)[0]

y = jax.jit(call)(dy)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [-7848]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
