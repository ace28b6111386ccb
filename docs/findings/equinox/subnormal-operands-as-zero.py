# equinox 0.13.8: convolution by eqx.nn.Conv1d in float64, of a subnormal number, compiled by jax.jit.
# Gives 0 in place of -7.771561172376096e-16.
# XLA switches its threads to take subnormal numbers for 0; float16 is widened before.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import equinox as eqx
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)

x = jnp.array([[7.864907465022632e+307]])
weight = jnp.array([[[-1e-323]]])

layer = eqx.nn.Conv1d(1, 1, kernel_size=1, use_bias=False, key=jax.random.key(0))
y = eqx.filter_jit(eqx.tree_at(lambda conv: conv.weight, layer, weight))(x)
print(y)

assert y.tolist() == [[-7.771561172376096e-16]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
