"""The layouts of a function's arrays: any order of letters, those left out being axes of size 1 that are not there.

Activations have the letters N and C and the spatial D, H, W; filters O and I and the same spatial ones. Canonical are
``NCDHW`` and ``OIDHW``. O and I are those of the convolution, so that the filter of a transposed one is
``(channels read, channels given, ...)``.

A depthwise filter may have C in place of O and I, one kernel for each channel, and M, the kernels of each channel. A
filter that has no letter but spatial ones beside activations that have C is one kernel for all channels: each channel
is then an image of its own to the problem, so that the sums over channels are those over the batch.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from convformance.adapters.layouts import operand_roles, result_role
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

SPATIAL = "DHW"
_LEADING = {"activation": "NC", "filter": "OI"}
_ALLOWED = {"activation": "NC", "filter": "OICM"}


@dataclass(frozen=True)
class Layouts:
    """The order of axes in a function's activations and filters, and whether filters are depthwise or shared.

    ``channels``: how many there must be where they share a filter, 0 for any number.
    """

    activations: str
    filters: str
    depthwise: bool = False
    shared: bool = False
    channels: int = 0

    @classmethod
    def of(cls, activations: str, filters: str | None, *, depthwise: bool = False, channels: int = 0) -> "Layouts":
        """Return the layouts in capitals; by default filters are ``OIHW``, without O and I where C is left out.

        ``channels``: how many of them a filter without O and I is shared by, 0 for any number. Raises ValueError naming
        the layout and what is allowed.
        """
        spatial = _spatial(activations.upper())
        filters = filters or (f"OI{spatial}" if "C" in activations.upper() else spatial)
        activations = _checked("layout", activations, "activation")
        filters = _checked("filter_layout", filters, "filter")
        if spatial != _spatial(filters):
            raise ValueError(
                f"layout={activations!r} and filter_layout={filters!r}; allowed: the same spatial letters in both"
            )
        if depthwise and "C" in activations and "I" in filters and not {*"OC"} & {*filters}:
            filters = filters.replace("I", "C")  # the channels of one filter each are those of all
        if "C" in filters and ("C" not in activations or set("OI") & set(filters)):
            raise ValueError(f"filter_layout={filters!r}; allowed: C in place of O and I, where the layout has it")
        depthwise = depthwise or "C" in filters
        shared = "C" in activations and not set("OIC") & set(filters) and channels != 1
        return cls(activations, filters, depthwise and not shared, shared, channels)

    @property
    def spatial(self) -> str:
        """The spatial letters in canonical order."""
        return _spatial(self.activations)

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.spatial)

    def refuses(self, problem: Problem) -> str | None:
        """Return why the arrays of a problem cannot be laid out so, or None."""
        grouped = problem.in_channels == problem.groups
        if "I" not in self.filters and not grouped:
            return "one input channel in a group"
        if self.shared and self.channels and problem.batch % self.channels:
            return f"{self.channels} channels"
        if not self.depthwise:
            return None
        multiplier = problem.out_channels // max(problem.in_channels, 1)
        distinct = "C" not in self.filters or (problem.in_channels, multiplier) == _factors(problem.out_channels)
        if not grouped or not distinct or (multiplier != 1 and "M" not in self.filters):
            return "a depthwise filter"
        return None

    def own(self, array: Array, role: str) -> Array:
        """Return a view of a canonical array of ``role`` in the function's layout."""
        letters, layout = self._canonical_letters(role), self._layout(role)
        present = [letter for letter in letters if letter in layout]
        separate = array.reshape(self._split(array.shape, role))
        squeezed = separate[tuple(slice(None) if letter in layout else 0 for letter in letters)]
        return np.asarray(squeezed).transpose([present.index(letter) for letter in layout])

    def own_shape(self, shape: Size, role: str) -> Size:
        """Return the canonical ``shape`` as the function's layout has it."""
        sizes = dict(zip(self._canonical_letters(role), self._split(shape, role), strict=True))
        return tuple(sizes[letter] for letter in self._layout(role))

    def canonical(self, value: Array, role: str) -> Array:
        """Return a result of the function in canonical layout; one with another number of axes is returned as it is.

        Where filters have no O, the channel of the only result may be left out of it as well.
        """
        letters, layout = self._canonical_letters(role), self._layout(role)
        if role == "activation" and not set("OC") & set(self.filters) and value.ndim == len(layout) - 1:
            layout = layout.replace("C", "")
        if value.ndim != len(layout):
            return value.reshape(-1) if role == "bias" and value.size == 1 else value
        ordered = value.transpose([layout.index(letter) for letter in letters if letter in layout])
        return self._joined(ordered[tuple(slice(None) if letter in layout else None for letter in letters)], role)

    def describe(self, operations: tuple[str, ...]) -> str:
        """Return the layouts that ``operations`` have to do with."""
        roles = {role for operation in operations for role in (*operand_roles(operation), result_role(operation))}
        if "filter" not in roles:
            return f"layout {self.activations}"
        kind = " (depthwise)" * self.depthwise + " (one kernel for all channels)" * self.shared
        return f"layout {self.activations}, filters {self.filters}{kind}"

    def _canonical_letters(self, role: str) -> str:
        """Return the letters of ``role`` in canonical order; a bias has the channels of a result."""
        if role == "filter" and "C" in self.filters:
            return "CM" + self.spatial
        return "C" if role == "bias" else _LEADING[role] + self.spatial

    def _split(self, shape: Size, role: str) -> Size:
        """Return a canonical shape with an axis for each of the canonical letters."""
        if role == "filter" and "C" in self.filters:
            return (*_factors(shape[0]), *shape[2:])
        if role == "activation" and self.shared:
            return (*self._images_and_channels(shape[0]), *shape[2:])
        return shape

    def _images_and_channels(self, count: int) -> tuple[int, int]:
        """Return how many images, and channels of each, make that many images of the problem."""
        if "N" not in self.activations:
            return 1, count
        channels = self.channels or _factors(count)[0]
        return count // channels, channels

    def _joined(self, array: Array, role: str) -> Array:
        """Return an array with an axis for each of the canonical letters in canonical shape."""
        if (role == "filter" and "C" in self.filters) or (role == "activation" and self.shared):
            return array.reshape(prod(array.shape[:2]), 1, *array.shape[2:])
        return array

    def _layout(self, role: str) -> str:
        if role == "bias":
            return "C" if "C" in self.activations and not self.shared else ""
        return self.filters if role == "filter" else self.activations


def _factors(count: int) -> tuple[int, int]:
    """Return an odd number and a power of two of that product: channels and what there is of each.

    A count that stands for both can be told apart in no other way; other products are not asked.
    """
    twos = count & -count if count else 1
    return count // twos, twos


def _spatial(layout: str) -> str:
    return "".join(letter for letter in SPATIAL if letter in layout)


def _checked(name: str, layout: str, role: str) -> str:
    """Return the letters in capitals; raises ValueError for a letter that does not belong there or stands twice."""
    letters, allowed = layout.upper(), _ALLOWED[role] + SPATIAL
    if not set(letters) <= set(allowed) or len(set(letters)) != len(letters) or not _spatial(letters):
        raise ValueError(f"{name}={layout!r}; allowed: letters of {allowed}, each once, at least one of {SPATIAL}")
    return letters
