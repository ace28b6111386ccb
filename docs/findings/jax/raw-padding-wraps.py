# jax 0.10.2: convolution by lax.conv_general_dilated with padding 2^40 under a stride of half.
# Seen: padding 2^40 under a stride of half is accepted: 15.0 in place of 0 at (1, 0, 1); 12 of 60
# numbers differ.
# A padding whose result is small and whose padded size needs more than 32 bits gives wrong numbers.
# Right: an exception, or the result that these arguments mean.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-6-k2-padding_2pow40_under_a_stride_of_half.
import numpy as np
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

x = jnp.array(np.arange(48).reshape((2, 4, 6)).transpose(0, 2, 1) % 5, jnp.float32)
w = jnp.array(np.arange(48).reshape((6, 4, 2)).transpose(2, 1, 0) % 5, jnp.float32)
try:
    y = jax.lax.conv_general_dilated(x, w, (549755813888,), ((1099511627776, 1099511627776),),
        dimension_numbers=('NWC', 'WIO', 'NWC'))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    assert tuple(y.shape) == (2, 5, 6), y.shape
    want = [[[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [28, 31, 34, 27, 40, 28], [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0]], [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [15, 29, 23, 32, 31, 15], [0,
        0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]]
    assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
