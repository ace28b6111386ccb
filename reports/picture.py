"""Pictures of an error: a plane of the result as a small PNG, one pixel an element, with nothing but zlib and struct."""

import base64
import struct
import zlib

from convformance.reports.lines import ErrorMap

Colour = tuple[int, int, int]

_WITHIN = ((206, 224, 240), (70, 130, 190))
_OVER = ((245, 184, 82), (196, 46, 32), (96, 10, 30))
_NOT_FINITE = (176, 38, 196)
BOUND = 128
NOT_FINITE = 255


def png(plane: ErrorMap) -> bytes:
    """Return the plane as an indexed PNG of ``shape`` pixels; exact elements are transparent.

    Source: W3C, "Portable Network Graphics Specification", chunks IHDR, PLTE, tRNS, IDAT, IEND.
    """
    rows, columns = plane.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    lines = (b"\0" + plane.cells[start : start + columns] for start in range(0, rows * columns, columns))
    chunks = (
        (b"IHDR", header),
        (b"PLTE", b"".join(bytes(colour) for colour in PALETTE)),
        (b"tRNS", b"\0"),
        (b"IDAT", zlib.compress(b"".join(lines), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def data_url(plane: ErrorMap) -> str:
    """Return the picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png(plane)).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _mix(stops: tuple[Colour, ...], place: float) -> Colour:
    """Return the colour at ``place`` (0 to 1) of a ramp through ``stops``."""
    step = min(int(place * (len(stops) - 1)), len(stops) - 2)
    part = place * (len(stops) - 1) - step
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(stops[step], stops[step + 1], strict=True))
    return red, green, blue


def _palette() -> tuple[Colour, ...]:
    """Return 256 colours: exact, blues up to the bound, from amber to dark red beyond it, violet for what is not finite."""
    within = [_mix(_WITHIN, (value - 1) / (BOUND - 1)) for value in range(1, BOUND + 1)]
    over = [_mix(_OVER, (value - BOUND - 1) / (NOT_FINITE - BOUND - 2)) for value in range(BOUND + 1, NOT_FINITE)]
    return ((255, 255, 255), *within, *over, _NOT_FINITE)


PALETTE = _palette()
