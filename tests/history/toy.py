"""An adapter of a distribution whose versions are files: what it does wrong depends on the one that is installed."""

from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter, Array, route
from convformance.reference import operations
from convformance.reference.problem import Problem


class Toy(Adapter):
    """The reference; ``toyconv`` says with a number what it does to the channels of the image."""

    name = "toy"
    requires = ("toyconv",)
    distribution = "toyconv"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import toyconv  # type: ignore[import-not-found]

        self.step: int = toyconv.STEP

    @route("conv", "reference")
    def reference(self, problem: Problem, x: Array, w: Array) -> Any:
        image = x.astype(np.float64)[:, :: self.step]
        return operations.apply("conv", problem, image, w.astype(np.float64)).astype(x.dtype)
