# equinox 0.13.8: a convolution with a bias by eqx.nn.Conv1d in float16.
# Gives 0 in place of 1.
# The sum is rounded to float16 before the bias is added: 2048 + 1 becomes 2048, and 1 is lost.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import equinox as eqx
import jax
import jax.numpy as jnp

x = jnp.array([[2048], [1]], jnp.float16)
weight = jnp.array([[[1], [1]]], jnp.float16)
bias = jnp.array([[-2048]], jnp.float16)

layer = eqx.nn.Conv1d(2, 1, kernel_size=1, dtype=jnp.float16, key=jax.random.key(0))
y = eqx.tree_at(lambda conv: (conv.weight, conv.bias), layer, (weight, bias))(x)
print(y, y.dtype)

# Right: 2048 + 1 - 2048, whose sums are exact in float32, whatever their order.
assert y.tolist() == [[1]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
