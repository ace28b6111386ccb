"""Products of stacks of matrices, in ways that keep a BLAS from letting the number of its threads into the bits.

Threads share a product out by tiles of the result, and a BLAS sums in another order at the ragged edge of a tile, and
in panels whose size depends on the threads where the sum is long. Columns in whole tiles and sums in whole panels leave
no choice; matrices of one row or column, whose sums themselves would be shared out, are not given to it at all.
"""

import numpy as np

from convformance.reference.arrays import Array

TILE = 8  # columns
PANEL = 32  # products
SHORT = 256  # products that fit one panel of any BLAS
FLAT = 128  # rows below which float32 is faster the other way round
LONGEST_DOT = 8192  # products of a dot product that no BLAS shares out


def multiply(a: Array, b: Array, out: Array) -> Array:
    """Write ``a @ b`` to ``out``, which is returned.

    a: ``(groups, m, k)``, b: ``(groups, k, n)``, out: ``(groups, m, n)``. b may have more columns, up to a whole number
    of tiles, which saves a copy of it.
    """
    rows, length, columns = a.shape[1], a.shape[2], out.shape[2]
    if min(rows, length, columns) == 1:
        np.einsum("gmk,gkn->gmn", a, b[..., :columns], out=out)
        return out
    if columns % TILE:
        tiled = b if b.shape[2] % TILE == 0 else _tiled(b)
        out[...] = multiply(a, tiled, np.empty((*out.shape[:2], tiled.shape[2]), out.dtype))[..., :columns]
        return out
    # What the panels leave over is a short sum of its own.
    in_panels = length - (length % PANEL if length > SHORT else 0)
    np.matmul(a[..., :in_panels], b[:, :in_panels], out=out)
    if in_panels < length:
        out += np.matmul(a[..., in_panels:], b[:, in_panels:])
    return out


def inner_products(a: Array, b: Array, out: Array) -> Array:
    """Write ``a @ b.T`` to ``out``, which is returned; a: ``(groups, m, k)``, b: ``(groups, n, k)``."""
    rows, columns = a.shape[1], b.shape[1]
    if min(rows, columns) == 1:
        out[...] = _dots(a, b)
    # Turned round where the rows fill tiles and the columns do not, which saves a copy, or where that is faster.
    elif rows % TILE == 0 and (columns % TILE or (a.itemsize == 4 and rows < min(columns, FLAT))):
        turned = np.empty((a.shape[0], columns, rows), a.dtype)
        out[...] = multiply(b, a.swapaxes(1, 2), turned).swapaxes(1, 2)
    else:
        multiply(a, b.swapaxes(1, 2), out)
    return out


def _tiled(b: Array) -> Array:
    """Return a copy of b with columns of zeros up to a whole number of tiles."""
    tiled = np.zeros((*b.shape[:2], b.shape[2] + -b.shape[2] % TILE), b.dtype)
    tiled[..., : b.shape[2]] = b
    return tiled


def _dots(a: Array, b: Array) -> Array:
    """Return ``a @ b.T`` element by element."""
    total = np.zeros((a.shape[0], a.shape[1], b.shape[1]), a.dtype)
    a = a.conj() if np.iscomplexobj(a) else a  # which vecdot conjugates once more
    for first in range(0, a.shape[2], LONGEST_DOT):
        piece = slice(first, first + LONGEST_DOT)
        total += np.vecdot(a[:, :, np.newaxis, piece], b[:, np.newaxis, :, piece])
    return total
