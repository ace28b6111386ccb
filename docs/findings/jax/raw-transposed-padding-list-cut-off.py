# jax 0.10.2: transposed convolution by lax.conv_transpose with padding of one axis more. Seen:
# padding of one axis more is accepted: a result of shape (2, 4, 3, 4), where the arguments have no
# meaning.
# Entries of the padding beyond the spatial axes are left out without a word.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_of_one_axis_more.
import numpy as np
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, jnp.float32)
w = jnp.array(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, jnp.float32)
try:
    y = jax.lax.conv_transpose(x, w, (1, 1), ((1, 1), (0, 0)),
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'), transpose_kernel=True)
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although padding of one axis more has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
