"""The picture of an error in a record: one byte for each element of a plane of the result."""

from dataclasses import dataclass
from typing import Any

from convformance.reports.fields import Cells, Malformed, Size, Texts, nested

LARGEST_MAP = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMap:
    """The error on one plane of the result: a byte an element, ``shape`` of them, rows first.

    0 is exact; 1 to 254 are error / bound in log scale, 128 the bound; 255 is not finite, or a mask that differs.
    ``index`` are the leading indices of the plane, ``axes`` names its two axes.
    """

    shape: Size
    cells: Cells
    index: Size = ()
    axes: Texts = ()


def as_error_map(value: Any) -> ErrorMap:
    """Return ``value`` as an error map whose cells fill its shape; each side has 1 to 4096 cells."""
    error_map: ErrorMap = nested(ErrorMap)(value)
    if len(error_map.shape) != 2 or not all(1 <= side <= LARGEST_MAP for side in error_map.shape):
        raise Malformed(f"has the shape {list(error_map.shape)}; allowed: two sides of 1 to {LARGEST_MAP}")
    rows, columns = error_map.shape
    if len(error_map.cells) != rows * columns:
        raise Malformed(f"has {len(error_map.cells)} cells for {rows} x {columns}")
    return error_map
