"""Cases too large to be looked at whole: zeros but for patches of numbers, judged at the places where those show.

A convolution is local and linear. With stride 1, what patches of the operands give is what each gives by itself, in
a window of the result around its place, and the rest of the result is zero. So the judge is asked about a small problem
whose images are the patches, and the adapter about the large one that holds them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem
from convformance.test_cases.case import Case

PATCH = 4  # numbers of a patch along each axis
_BYTES = {"float32": 4, "float16": 2}
_COPIES = 2  # of every array: one of the suite's and one of the adapter's


class ElsewhereError(Exception):
    """A result is not zero where nothing is summed; the message says where."""


@dataclass(frozen=True)
class HugeCase(Case):
    """A case of arrays of billions of numbers, with patches round the flat indices ``boundaries`` and at both ends.

    ``padding`` decides what can be asked: full for a convolution, none for its gradient in the input, none before and
    full behind for its gradient in the filter.
    """

    boundaries: tuple[int, ...] = (2**30, 2**31, 2**32)

    def judged_case(self, operation: str) -> Case:
        """Return the small case that the judge is asked about: an image for each place."""
        small = replace(self.problem, batch=1, input_size=self._patch_size("input"))
        parameters = {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}
        return Case(
            self.family,
            self.catches,
            small.input_size,
            self.kernel_size,
            batch=len(self.places),
            in_channels=self.in_channels,
            out_channels=self.out_channels,
            operations=(operation,),
            dtypes=self.dtypes,
            tier=self.tier,
            seed=self.seed,
            **parameters,
        )

    def embedded(self, operation: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """Return the large operands that hold the patches in ``arrays``, those of the small case."""
        names = BY_NAME[operation].arrays
        return tuple(self._embedded(name, array) for name, array in zip(names, arrays, strict=True))

    def looked_at(self, operation: str, value: Array) -> Array:
        """Return the windows of a large result in which its patches show; raises ElsewhereError for anything else."""
        name = BY_NAME[operation].result
        if name not in ("input", "output") or value.shape != self.problem.result_shape(operation):
            return value
        windows = np.stack([value[self._window(name, corner)] for corner in self.places])
        if np.count_nonzero(value) != np.count_nonzero(windows):
            raise ElsewhereError(f"{self._elsewhere(name, value)}, where nothing is summed")
        return windows

    def needed_bytes(self, dtype: str) -> int:
        """Return about how much memory asking it in ``dtype`` takes."""
        problem = self.problem
        shapes = problem.input_shape, problem.filter_shape, problem.output_shape
        numbers = sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes)
        return _COPIES * numbers * _BYTES[dtype]

    @cached_property
    def places(self) -> tuple[Size, ...]:
        """Where the patches begin: an image and a position, in order, none near another."""
        return tuple(self._distinct(sorted(set(self._wanted_places()))))

    def _wanted_places(self) -> Iterator[Size]:
        """Yield a place that holds each boundary of the input and of the output, the first and the last."""
        room = tuple(size - 2 * PATCH - kernel for size, kernel in zip(self._smaller, self.kernel_size, strict=True))
        for shape in (self.problem.input_shape, self.problem.output_shape):
            total = int(np.prod(shape, dtype=np.int64))
            for index in (0, *self.boundaries, total - 1):
                if index < total:
                    image, _, *position = map(int, np.unravel_index(index, shape))
                    start = (min(max(at - PATCH // 2, 0), most) for at, most in zip(position, room, strict=True))
                    yield (image, *start)

    def _distinct(self, places: Sequence[Size]) -> Iterator[Size]:
        """Yield ``places`` without those whose windows meet one before them."""
        chosen: list[Size] = []
        for corner in places:
            if all(self._are_apart(corner, other) for other in chosen):
                chosen.append(corner)
                yield corner

    def _are_apart(self, corner: Size, other: Size) -> bool:
        far = (abs(a - b) > PATCH + 2 * k for a, b, k in zip(corner[1:], other[1:], self.kernel_size, strict=True))
        return corner[0] != other[0] or any(far)

    @property
    def _smaller(self) -> Size:
        problem: Problem = self.problem
        return tuple(map(min, problem.input_size, problem.output_size))

    def _patch_size(self, name: str) -> Size:
        """Return the size of a patch of the input or the output: the smaller of the two is ``PATCH``."""
        changes = (out - size for out, size in zip(self.problem.output_size, self.problem.input_size, strict=True))
        differences = tuple(changes)  # what padding adds to each axis, the same for any size
        if name == "input":
            return tuple(PATCH - min(change, 0) for change in differences)
        return tuple(PATCH + max(change, 0) for change in differences)

    def _window(self, name: str, corner: Size) -> tuple[slice | int, ...]:
        image, *start = corner
        ends = zip(start, self._patch_size(name), strict=True)
        return (image, slice(None), *(slice(first, first + size) for first, size in ends))

    def _embedded(self, name: str, array: Array) -> Array:
        if name not in ("input", "output"):
            return array
        large = np.zeros(getattr(self.problem, f"{name}_shape"), array.dtype)
        for corner, patch in zip(self.places, array, strict=True):
            large[self._window(name, corner)] = patch
        return large

    def _elsewhere(self, name: str, value: Array) -> str:
        """Return how many numbers outside of every window are not zero, and the first of them."""
        rest = value != 0
        for corner in self.places:
            rest[self._window(name, corner)] = False
        first = tuple(map(int, np.unravel_index(int(rest.reshape(-1).argmax()), value.shape)))
        return f"{np.count_nonzero(rest):,} numbers are not 0, the first at {first}"
