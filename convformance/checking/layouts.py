"""The layouts of a function's arrays: any order of letters, those left out being axes of size 1 that are not there.

Activations have the letters N and C and the spatial D, H, W; filters O and I and the same spatial ones. Canonical are
``NCDHW`` and ``OIDHW``. O and I are those of the convolution, so that the filter of a transposed one is
``(channels read, channels given, ...)``.
"""

from dataclasses import dataclass

import numpy as np

from convformance.adapters.layouts import operand_roles, result_role
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size

SPATIAL = "DHW"
_LEADING = {"activation": "NC", "filter": "OI"}


@dataclass(frozen=True)
class Layouts:
    """The order of axes in a function's activations and filters."""

    activations: str
    filters: str

    @classmethod
    def of(cls, activations: str, filters: str | None) -> "Layouts":
        """Return the layouts in capitals; by default filters are ``OIHW``, without O and I where C is left out.

        Raises ValueError naming the layout and what is allowed.
        """
        spatial = _spatial(activations.upper())
        filters = filters or (f"OI{spatial}" if "C" in activations.upper() else spatial)
        layouts = cls(
            _checked("layout", activations, "activation"),
            _checked("filter_layout", filters, "filter"),
        )
        if layouts.spatial != _spatial(layouts.filters):
            raise ValueError(
                f"layout={activations!r} and filter_layout={filters!r}; allowed: the same spatial letters in both"
            )
        return layouts

    @property
    def spatial(self) -> str:
        """The spatial letters in canonical order."""
        return _spatial(self.activations)

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.spatial)

    def own(self, array: Array, role: str) -> Array:
        """Return a view of a canonical array of ``role`` in the function's layout."""
        letters, layout = self._canonical_letters(role), self._layout(role)
        present = [letter for letter in letters if letter in layout]
        squeezed = array[tuple(slice(None) if letter in layout else 0 for letter in letters)]
        return np.asarray(squeezed).transpose([present.index(letter) for letter in layout])

    def own_shape(self, shape: Size, role: str) -> Size:
        """Return the canonical ``shape`` as the function's layout has it."""
        sizes = dict(zip(self._canonical_letters(role), shape, strict=True))
        return tuple(sizes[letter] for letter in self._layout(role))

    def canonical(self, value: Array, role: str) -> Array:
        """Return a result of the function in canonical layout; one with another number of axes is returned as it is.

        Where filters have no O, the channel of the only result may be left out of it as well.
        """
        letters, layout = self._canonical_letters(role), self._layout(role)
        if role == "activation" and "O" not in self.filters and value.ndim == len(layout) - 1:
            layout = layout.replace("C", "")
        if value.ndim != len(layout):
            return value.reshape(-1) if role == "bias" and value.size == 1 else value
        ordered = value.transpose([layout.index(letter) for letter in letters if letter in layout])
        return ordered[tuple(slice(None) if letter in layout else None for letter in letters)]

    def describe(self, operations: tuple[str, ...]) -> str:
        """Return the layouts that ``operations`` have to do with."""
        roles = {role for operation in operations for role in (*operand_roles(operation), result_role(operation))}
        return f"layout {self.activations}" + (f", filters {self.filters}" if "filter" in roles else "")

    def _canonical_letters(self, role: str) -> str:
        """Return the canonical letters of ``role``; a bias has the channels of a result."""
        return "C" if role == "bias" else _LEADING[role] + self.spatial

    def _layout(self, role: str) -> str:
        if role == "bias":
            return "C" if "C" in self.activations else ""
        return self.filters if role == "filter" else self.activations


def _spatial(layout: str) -> str:
    return "".join(letter for letter in SPATIAL if letter in layout)


def _checked(name: str, layout: str, role: str) -> str:
    """Return the letters in capitals; raises ValueError for a letter that does not belong there or stands twice."""
    letters, allowed = layout.upper(), _LEADING[role] + SPATIAL
    if not set(letters) <= set(allowed) or len(set(letters)) != len(letters) or not _spatial(letters):
        raise ValueError(f"{name}={layout!r}; allowed: letters of {allowed}, each once, at least one of {SPATIAL}")
    return letters
