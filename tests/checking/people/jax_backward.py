"""Backward passes that people write for JAX."""

import jax
import jax.numpy as jnp
from jax import lax


def _plain(x, w):
    return lax.conv_general_dilated(x, w, (1, 1), "VALID")


@jax.custom_vjp
def conv(x, w):
    return _plain(x, w)


def _forward(x, w):
    return _plain(x, w), (x, w)


def _backward(residuals, g):
    x, w = residuals
    kh, kw = w.shape[2:]
    pads = [(kh - 1, kh - 1), (kw - 1, kw - 1)]
    dx = lax.conv_general_dilated(g, jnp.flip(w, (2, 3)).swapaxes(0, 1), (1, 1), pads)
    dw = lax.conv_general_dilated(x.swapaxes(0, 1), g.swapaxes(0, 1), (1, 1), "VALID").swapaxes(0, 1)
    return dx, dw


conv.defvjp(_forward, _backward)


@jax.custom_vjp
def conv_unturned(x, w):
    return _plain(x, w)


def _backward_unturned(residuals, g):
    x, w = residuals
    kh, kw = w.shape[2:]
    dx = lax.conv_general_dilated(g, w.swapaxes(0, 1), (1, 1), [(kh - 1, kh - 1), (kw - 1, kw - 1)])
    return dx, _backward(residuals, g)[1]


conv_unturned.defvjp(_forward, _backward_unturned)
