"""The type of an array, as every signature writes it."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
