"""Arrays at the edge of memory that nobody may read: who reads past them ends its process, and cannot be right by luck.

The pages before and behind the memory of such an array are unreadable. An array seldom fills its pages, so it lies at
one end of them, and NaN fills the rest. Where the system protects no pages, NaN lies there too.
"""

import ctypes
import mmap
from functools import cache
from typing import Any

import numpy as np

from convformance.reference.arrays import Array

_NAN = 0xFF  # bytes of it are NaN in every format of floating-point numbers, and -1 as an integer
_NOT_AT_ALL = 0  # PROT_NONE: nobody may read, write or execute


class _Pages(mmap.mmap):
    """The pages of one array, its own between two that cannot be read; ``first``: it begins where its pages begin."""

    first: bool


def guard(array: Array, *, first: bool) -> Array:
    """Return a contiguous copy of ``array`` that begins (``first``), or else ends, at an unreadable page."""
    page = mmap.PAGESIZE
    size = -(-array.nbytes // page) * page
    pages = _Pages(-1, size + 2 * page)
    pages.first = first
    memory = np.frombuffer(pages, np.uint8)
    memory[:] = _NAN
    for start in (0, page + size):
        _protect(memory.ctypes.data + start, page)
    offset = page if first else page + size - array.nbytes
    copy: Array = np.ndarray(array.shape, array.dtype, memory, offset)
    copy[...] = array
    return copy


def guarded_like(array: Array, other: Array) -> Array:
    """Return a copy of ``array`` that is guarded as ``other`` is, or ``array`` itself where that is not."""
    pages = _pages_of(other)
    return array if pages is None else guard(array, first=pages.first)


def is_guarded(array: Array) -> bool:
    """Whether the array lies in memory that ``guard`` made."""
    return _pages_of(array) is not None


def _pages_of(array: Array) -> _Pages | None:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    owner = owner.obj if isinstance(owner, memoryview) else owner
    return owner if isinstance(owner, _Pages) else None


def _protect(address: int, size: int) -> None:
    """Let nobody read these pages; without effect where the system has no ``mprotect``."""
    protect = _mprotect()
    if protect is not None:
        protect(ctypes.c_void_p(address), ctypes.c_size_t(size), _NOT_AT_ALL)


@cache
def _mprotect() -> Any:
    try:
        return ctypes.CDLL(None).mprotect
    except (OSError, TypeError, AttributeError):  # Windows
        return None
