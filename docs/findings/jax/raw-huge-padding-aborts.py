# jax 0.10.2: convolution by lax.conv_general_dilated with padding 2^40. Seen: the process died of
# SIGABRT; it said: what():  Bad StatusOr access: INVALID_ARGUMENT: overflow in static extent
# product: dimensions=[2, 2199023255555, 2199023255557, 6]..
# The strides of a result that is too large overflow, and the process ends in place of an exception.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-padding_2pow40.
import numpy as np
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array(np.arange(240).reshape((2, 4, 5, 6)).transpose(0, 2, 3, 1) % 5, jnp.float32)
w = jnp.array(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, jnp.float32)
try:
    y = jax.lax.conv_general_dilated(x, w, (1, 1),
        ((1099511627776, 1099511627776), (1099511627776, 1099511627776)), dimension_numbers=('NHWC',
        'HWIO', 'NHWC'))
    print(y)
except Exception as error:
    print("refused:", error)
# It ends by SIGABRT as long as this diverges, and with exit status 0 once it does not.
