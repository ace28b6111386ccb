# jax 0.10.2: gradient in the filter of a transposed convolution by lax.conv_transpose in float32,
# stride=(2, 1), padding=((3, 3), (2, 0)), dilation=(1, 2).
# The process died of SIGABRT.
# XLA's algebraic simplifier shortens the window of a strided convolution and not what it
# multiplies: it finds that they do not match, and ends the process.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case derivatives-n1c1o1-2x3-k4x3-s2x1-p3x2.0-d1x2.
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array([[[[-209]], [[-82]], [[-23]]]], jnp.float32)
dy = jnp.array([[[[-136], [-2], [209]], [[160], [-84], [221]]]], jnp.float32)

def call(x, dy):
    return jax.vjp(lambda w: jax.lax.conv_transpose(x, w, (2, 1), ((0, 0), (2, 4)),
        rhs_dilation=(1, 2), dimension_numbers=('NHWC', 'HWIO',
        'NHWC'), transpose_kernel=True), jnp.zeros((4, 3, 1, 1), dy.dtype))[1](dy)[0]

y = jax.jit(call)(x, dy)
print(y)

# Right: a result of shape (4, 3, 1, 1).
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
