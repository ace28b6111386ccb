import jax
import jax.numpy as jnp


@jax.jit
def product(x, k):
    return jnp.stack([x[i : i + k.shape[0]] @ k for i in range(x.shape[0] - k.shape[0] + 1)])


def turned(x: "jax.Array", k: "jax.Array"):
    return product(x, k[::-1])
