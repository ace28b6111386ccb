"""JSON Lines that survive a kill: written a flushed line at a time, mended when a file goes on, read line by line."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from convformance.reports.fields import Malformed, excerpt, to_jsonable

LONGEST_LINE = 16 * 2**20
_CHUNK = 2**16


class RecordError(ValueError):
    """A file that is no run record, or cannot be read; the message names the file and says why."""


class Writer:
    """Writes one JSON object a line and hands it to the system at once, so that a killed process loses nothing written.

    With ``append`` it goes on with what is there; a last line that a kill cut off is removed first.
    """

    def __init__(self, path: str | Path, *, append: bool = False) -> None:
        if append:
            mend(path)
        self._path = Path(path)
        self._file: BinaryIO = self._path.open("ab" if append else "wb")

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one line. A number that is not finite becomes the text nan, inf or -inf, which JSON can hold."""
        self._file.write(_encoded(line))
        self._file.flush()

    def amend(self, lines: Iterable[Mapping[str, Any]], key: Sequence[str]) -> None:
        """Put lines in the place of those of their kind that agree with them in the fields of ``key``.

        What is there is replaced as a whole, so that a kill leaves the old file or the new one.
        """
        amended = {_key(line, key): line for line in lines}
        if not amended:
            return
        kinds = tuple(f'{{"kind":"{line["kind"]}"'.encode() for line in amended.values())
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with self._path.open("rb") as old, part.open("wb") as new:
                for text in old:
                    line = amended.get(_key(json.loads(text), key)) if text.startswith(kinds) else None
                    new.write(text if line is None else _encoded(line))
            self._file.close()
            part.replace(self._path)
            self._file = self._path.open("ab")
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _encoded(line: Mapping[str, Any]) -> bytes:
    text = json.dumps(to_jsonable(line), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A framework's message may hold half a surrogate pair, which is no UTF-8: it is written as an escape.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _key(line: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(line.get(name) for name in ("kind", *names))


def mend(path: str | Path) -> None:
    """Make a file end with a complete line: end one that lacks only its line feed, cut off one that lacks more."""
    if not Path(path).is_file():
        return
    with Path(path).open("rb+") as file:
        tail = _tail(file)
        if not tail:
            return
        try:
            json.loads(tail)
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        except ValueError:
            file.truncate(file.seek(-len(tail), os.SEEK_END))


def _tail(file: BinaryIO) -> bytes:
    """Return what follows the last line feed."""
    tail = b""
    start = file.seek(0, os.SEEK_END)
    while start > 0 and b"\n" not in tail:
        size = min(_CHUNK, start)
        start = file.seek(start - size)
        tail = file.read(size) + tail
    return tail.rpartition(b"\n")[2]


def objects(file: str, note: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number, from 1 on, and its JSON object; what is no object goes to ``note``.

    One line is in memory at a time. Raises RecordError for a file that cannot be read.
    """
    try:
        with Path(file).open("rb") as opened:
            for number, line in _lines(opened):
                try:
                    yield number, _object(line)
                except Malformed as error:
                    note(number, str(error))
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}") from error


def _lines(opened: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, each with its number.

    A line longer than LONGEST_LINE is never held: of what lies beyond, the last byte is kept in its place, which makes
    the line one byte too long and still says whether it ends in a line feed.
    """
    number = 0
    while line := opened.readline(LONGEST_LINE):
        number += 1
        while not line.endswith(b"\n") and len(line) >= LONGEST_LINE and (more := opened.readline(LONGEST_LINE)):
            line = line[:LONGEST_LINE] + more[-1:]
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise Malformed(f"longer than {LONGEST_LINE} bytes")
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "not JSON" if line.endswith(b"\n") else "cut off"
        raise Malformed(f"{reason}: {error}") from error
    if not isinstance(value, dict):
        raise Malformed(f"not a JSON object: {excerpt(value)}")
    return value


def _refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which Python's json reads and no other reader does."""
    raise ValueError(f"{name} is no JSON number")
