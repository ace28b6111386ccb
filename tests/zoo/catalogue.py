"""Every member of the zoo and of the garden."""

from tests.zoo import (
    axes,
    beyond,
    bias,
    border,
    channels,
    dilation,
    groups,
    kernel,
    layout,
    padding,
    precision,
    process,
    ranges,
    same,
    scale,
    special,
    stride,
    transposed,
    windows,
)
from tests.zoo.garden import MEMBERS as GARDEN
from tests.zoo.member import Member

__all__ = ["GARDEN", "ZOO"]

_FAMILIES = (
    kernel,
    axes,
    stride,
    dilation,
    padding,
    same,
    groups,
    channels,
    layout,
    scale,
    bias,
    transposed,
    border,
    precision,
    special,
    ranges,
    process,
    windows,
    beyond,
)

ZOO: tuple[Member, ...] = tuple(member for family in _FAMILIES for member in family.MEMBERS)
