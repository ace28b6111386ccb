# flax 0.12.8: a convolution with a bias by nn.Conv in float16.
# Gives 0 in place of 1.
# The sum is rounded to float16 before the bias is added: 2048 + 1 becomes 2048, and 1 is lost.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import flax.linen as nn
import jax.numpy as jnp

x = jnp.array([[[2048, 1]]], jnp.float16)
kernel = jnp.array([[[1], [1]]], jnp.float16)
bias = jnp.array([-2048], jnp.float16)

y = nn.Conv(features=1, kernel_size=(1,)).apply({"params": {"kernel": kernel, "bias": bias}}, x)
print(y, y.dtype)

# Right: 2048 + 1 - 2048, whose sums are exact in float32, whatever their order.
assert y.tolist() == [[[1]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
