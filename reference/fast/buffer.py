"""A buffer: memory that is used again for every block."""

from math import prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array


class Buffer:
    """Memory for one array at a time, allocated when it is first asked for and used again for every block."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._memory = np.empty(0, dtype)

    def array(self, *shape: int) -> Array:
        """Return an array of ``shape`` and of any content; the one before is overwritten with it."""
        if prod(shape) > self._memory.size:
            self._memory = np.empty(prod(shape), self._memory.dtype)
        return self._memory[: prod(shape)].reshape(shape)
