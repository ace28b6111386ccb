"""Huge: arrays of more numbers than 31 or 32 bits count, as numbers and as bytes. A tier of its own."""

from convformance.test_cases.case import WIDE
from convformance.test_cases.huge import HugeCase

_LONG = 2**31 + 2**10  # numbers of a row
_SIDE = 46_368  # of a square of more than 2**31 numbers
_FORWARD = ("conv", "conv_transpose_input_grad")
_BACKWARD = ("conv_input_grad", "conv_transpose")
_FILTER = ("conv_filter_grad", "conv_transpose_filter_grad", "conv_bias_grad")


def _row(
    catches: str, size: int, padding: tuple[int, int], operations: tuple[str, ...], batch: int = 1, in_channels: int = 1
) -> HugeCase:
    """Return a case of one axis, kernel 3, in float32 and float16."""
    return HugeCase(
        "huge",
        catches,
        (size,),
        (3,),
        (1,),
        (padding,),
        (1,),
        batch=batch,
        in_channels=in_channels,
        out_channels=1,
        operations=operations,
        dtypes=(WIDE[1], "float16"),
        tier="huge",
    )


def _square(catches: str, padding: tuple[int, int], operations: tuple[str, ...]) -> HugeCase:
    """Return a case of two equal axes, kernel 3 x 3, in float16."""
    return HugeCase(
        "huge",
        catches,
        (_SIDE, _SIDE),
        (3, 3),
        (1, 1),
        (padding, padding),
        (1, 1),
        batch=1,
        in_channels=1,
        out_channels=1,
        operations=operations,
        dtypes=("float16",),
        tier="huge",
    )


CASES = (
    _row("Positions of a row counted in 32 bits with a sign.", _LONG, (2, 2), _FORWARD),
    _row("The positions that a gradient is written to counted in 32 bits with a sign.", _LONG, (0, 0), _BACKWARD),
    _row("A sum over more positions than 31 bits count.", _LONG, (0, 2), _FILTER),
    _row(
        "Offsets of an image or of a channel counted in 32 bits.", 2**29 + 7, (2, 2), _FORWARD, batch=3, in_channels=2
    ),
    _square("The offset of a row, as row times width, counted in 32 bits.", (2, 2), _FORWARD),
    _square("The offset of a row that a gradient is written to counted in 32 bits.", (0, 0), _BACKWARD),
)
