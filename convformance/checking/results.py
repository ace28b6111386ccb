"""What a function returns, as a NumPy array: arrays of any library that converts itself, numbers, and lists of numbers."""

from typing import Any

import numpy as np

from convformance.judging.formats import format_of
from convformance.reference.arrays import Array


class NoArray(TypeError):
    """The function returned something that is no array of numbers; the message says what."""


def as_array(value: Any, dtype: str) -> Array:
    """Return ``value`` as an array of its own dtype; Python's numbers, alone or in lists, which have none, take ``dtype``.

    Raises NoArray for anything that holds no numbers.
    """
    try:
        array = np.asarray(_on_host(value))
    except ValueError as error:
        raise NoArray(f"returned {_described(value)}, which is no array: its rows differ in length") from error
    if array.dtype == object or (array.dtype.kind in "USmMV" and not _is_narrow(array)):
        raise NoArray(f"returned {_described(value)}, which is no array of numbers")
    if isinstance(value, list | tuple | int | float) and not isinstance(value, np.generic) and not _holds_arrays(value):
        return array.astype(format_of(dtype).dtype)
    return array


def _on_host(value: Any) -> Any:
    """Return an array that tracks gradients or lives on a device without them, in a format that NumPy knows."""
    for step in ("detach", "cpu"):
        if callable(getattr(value, step, None)):
            value = getattr(value, step)()
    if str(getattr(value, "dtype", "")).endswith(
        ".bfloat16"
    ):  # one library has the numbers and no way to give them to NumPy
        return np.asarray(value.float()).astype(format_of("bfloat16").dtype)
    return value


def _is_narrow(array: Array) -> bool:
    """Whether the dtype is bfloat16, which NumPy itself counts among those without numbers."""
    return bool(array.dtype == format_of("bfloat16").dtype)


def _holds_arrays(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return hasattr(value, "dtype")


def _described(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
