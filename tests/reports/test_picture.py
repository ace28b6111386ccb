"""The PNG pictures, parsed back byte for byte."""

import struct
import zlib

import pytest

from convformance.reports import picture
from convformance.reports.lines import ErrorMap


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG by name, each checked against its checksum."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    found, place = {}, 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", data[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(name + body)
        found[name] = body
        place += 12 + length
    return found


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 9), (13, 5)])
def test_a_picture_holds_every_cell_of_the_map(shape: tuple[int, int]) -> None:
    rows, columns = shape
    cells = bytes((37 * place + 5) % 256 for place in range(rows * columns))
    found = chunks(picture.png(ErrorMap(shape=shape, cells=cells)))
    assert list(found) == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (columns, rows, 8, 3, 0, 0, 0)
    pixels = zlib.decompress(found[b"IDAT"])
    lines = [pixels[start : start + columns + 1] for start in range(0, len(pixels), columns + 1)]
    assert all(line[0] == 0 for line in lines)
    assert b"".join(line[1:] for line in lines) == cells


def test_the_palette_tells_exact_within_over_and_not_finite_apart() -> None:
    found = chunks(picture.png(ErrorMap(shape=(1, 1), cells=b"\0")))
    palette = [tuple(found[b"PLTE"][place : place + 3]) for place in range(0, 768, 3)]
    assert len(set(palette)) > 200
    assert found[b"tRNS"] == b"\0"
    assert all(blue > red for red, _, blue in palette[1 : picture.BOUND + 1])
    assert all(red > blue for red, _, blue in palette[picture.BOUND + 1 : picture.NOT_FINITE])
    assert palette[255] not in palette[:255]
