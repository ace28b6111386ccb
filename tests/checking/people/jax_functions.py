"""Convolutions of JAX arrays."""

import jax
import jax.numpy as jnp


def conv2d(x, kernel):
    h, w = x.shape
    kh, kw = kernel.shape

    def one(i, j):
        return jnp.sum(jax.lax.dynamic_slice(x, (i, j), (kh, kw)) * kernel)

    rows, columns = jnp.arange(h - kh + 1), jnp.arange(w - kw + 1)
    return jax.vmap(lambda i: jax.vmap(lambda j: one(i, j))(columns))(rows)


@jax.jit
def conv2d_flipped(x, kernel):
    kernel = kernel[::-1, ::-1]
    out = jnp.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1))
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out = out.at[:, :].add(kernel[a, b] * x[a : a + out.shape[0], b : b + out.shape[1]])
    return out
