# jax 0.10.2: gradient in the image of a convolution by linear_transpose with dilation of no axis.
# Seen: dilation of no axis is accepted: a result of shape (2, 4, 5, 6), where the arguments have no
# meaning.
# An empty list of dilations is taken for ones.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-5x6-k3x2-dilation_of_no_axis.
import numpy as np
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

dy = jnp.array(np.arange(180).reshape((2, 6, 3, 5)).transpose(0, 2, 3, 1) % 5, jnp.float32)
w = jnp.array(np.arange(144).reshape((6, 4, 3, 2)).transpose(2, 3, 1, 0) % 5, jnp.float32)
try:
    x = jax.ShapeDtypeStruct((2, 5, 6, 4), dy.dtype)
    y = jax.linear_transpose(lambda x: jax.lax.conv_general_dilated(x, w, (1, 1), ((0, 0), (0, 0)),
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'), rhs_dilation=()), x)(dy)[0]
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although dilation of no axis has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
