# jax 0.10.2: transposed convolution by lax.conv_transpose with stride 2^62. Seen: the process died
# of SIGFPE.
# The compiled kernel divides by a number that has wrapped to zero.
# Right: an exception, or the result that these arguments mean.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-3x2-k3x2-stride_2pow62.
import numpy as np
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array(np.arange(12).reshape((2, 6, 1, 1)).transpose(0, 2, 3, 1) % 5, jnp.float32)
w = jnp.array(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, jnp.float32)
try:
    y = jax.lax.conv_transpose(x, w, (4611686018427387904, 4611686018427387904), ((2, 2), (1, 1)),
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'), transpose_kernel=True)
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
