# flax 0.12.8: the gradient of the bias of nn.Conv in float16.
# Gives -3248 in place of -3246.
# The gradient of the bias is summed in 16 bits.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import flax.linen as nn
import jax
import jax.numpy as jnp

x = jnp.zeros((1, 4, 1), jnp.float16)
dy = jnp.array([[[-1847], [721], [-2033], [-87]]], jnp.float16)

def call(bias):
    kernel = jnp.zeros((1, 1, 1), jnp.float16)
    return nn.Conv(1, kernel_size=(1,)).apply({"params": {"kernel": kernel, "bias": bias}}, x)

y = jax.vjp(call, jnp.zeros(1, jnp.float16))[1](dy)[0]
print(y, y.dtype)

# Right: the sum, which float32 and float16 hold.
assert y.tolist() == [-3246]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
