# flax 0.12.8: gradient in the filter of a transposed convolution by vjp in float64.
# Gives 0 in place of -2.886579864025407e-15 at (0, 0, 0); 2 of 2 numbers differ.
# XLA switches its threads to take subnormal numbers for 0; float16 is widened before.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case mixed-n2c3o6-7-k2-s3-permuted-subnormal.
import jax
import jax.numpy as jnp
import flax.linen as nn
jax.config.update("jax_enable_x64", True)

x = jnp.array([[[-5.617791046444737e+307], [-6.741349255733685e+307]]], jnp.float64)
dy = jnp.array([[[4e-323], [1e-323], [6e-323]]], jnp.float64)

def call(x, dy):
    return jax.vjp(lambda w: nn.ConvTranspose(1, kernel_size=(2,), padding=((1, 1),),
        use_bias=False, transpose_kernel=True).apply({'params': {'kernel': w}}, x),
        jnp.zeros((2, 1, 1), dy.dtype))[1](dy)[0]

y = jax.jit(call)(x, dy)
print(y)

# Right: sums of these numbers are exact in float64, whatever their order.
want = [[[-2.886579864025407e-15]], [[-4.551914400963142e-15]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
