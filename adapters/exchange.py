"""A folder of questions, each a file of operands, and of the answers that somebody laid beside them.

DIR/index.jsonl                     a line about the folder, then one for each question
DIR/questions/conv/CASE-DTYPE.npz   its operands: int.x, int.w, xwide.x, ...
DIR/answers/conv/CASE-DTYPE.npz     its answers: int, xwide, ...; or CASE-DTYPE.json: {"refused": "..."}
DIR/answers/about.json              who answered: {"name": "my-phone", "target": "1.2", "device": "..."}
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from convformance.adapters.bits import from_bits, to_bits
from convformance.reference.arrays import Array

INDEX, QUESTIONS, ANSWERS, ABOUT = "index.jsonl", "questions", "answers", "about.json"
SCHEMA = 1
FORMATS = (".npz", ".safetensors")  # of answers
REFUSAL = ".json"


class ExchangeError(ValueError):
    """A folder that cannot be used; the message names the file and says why."""


@dataclass(frozen=True)
class Entry:
    """One question of a folder: its names, its problem as it is written there, and its fills."""

    operation: str
    case: str
    dtype: str
    problem: Mapping[str, Any]
    operands: tuple[str, ...]
    fills: tuple[str, ...]
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its file's name below ``questions`` and ``answers``, without the ending."""
        return f"{self.operation}/{self.case}-{self.dtype}"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a line of the index."""
        return {"name": self.name, **vars(self)}


@dataclass(frozen=True)
class Folder:
    """A folder of questions that was written by ``export``."""

    path: Path

    @cached_property
    def _lines(self) -> list[Mapping[str, Any]]:
        file = self.path / INDEX
        try:
            return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        except OSError as error:
            raise ExchangeError(
                f"{file} cannot be read: {error.strerror}; allowed: a folder that export wrote"
            ) from error
        except ValueError as error:
            raise ExchangeError(f"{file} is no index: {error}") from error

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the index says of the whole: version of the suite, tier, filters."""
        first = self._lines[0] if self._lines else {}
        if first.get("schema") != SCHEMA:
            raise ExchangeError(f"{self.path / INDEX}: schema is {first.get('schema')!r}; allowed: {SCHEMA}")
        return first

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every question, by the name of its file."""
        entries: list[Entry] = []
        for line in self._lines[1:]:
            fields = {name: line[name] for name in ("operation", "case", "dtype", "problem", "result")}
            entries.append(Entry(**fields, operands=tuple(line["operands"]), fills=tuple(line["fills"])))
        return {entry.name: entry for entry in entries}

    def question_file(self, entry: Entry) -> Path:
        """Return where its operands lie."""
        return self.path / QUESTIONS / f"{entry.name}.npz"


@dataclass(frozen=True)
class Answers:
    """The answers to a folder's questions: files under the questions' names, in ``path``."""

    path: Path

    @cached_property
    def about(self) -> Mapping[str, str]:
        """Who answered, as ``about.json`` says; nothing where there is none."""
        file = self.path / ABOUT
        if not file.is_file():
            return {}
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ExchangeError(f"{file} is no JSON: {error}") from error
        if not isinstance(about, dict):
            raise ExchangeError(f"{file} holds {json.dumps(about)[:40]}; allowed: an object of texts")
        return {str(key): str(value) for key, value in about.items()}

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The files of answers, by the names of their questions."""
        files = (path for path in sorted(self.path.rglob("*")) if path.suffix in (*FORMATS, REFUSAL))
        named = ((path.relative_to(self.path).as_posix().removesuffix(path.suffix), path) for path in files)
        return {name: path for name, path in named if path.name != ABOUT}

    def strangers(self, folder: Folder) -> Iterator[Path]:
        """Yield the files that belong to no question."""
        yield from (path for name, path in self.files.items() if name not in folder.entries)


def stored(array: Array) -> Array:
    """Return ``array`` as a file can hold it: bfloat16 as the 16-bit numbers that its bits are."""
    return to_bits(np.ascontiguousarray(array).reshape(array.shape))


def restored(array: Array, dtype: str) -> Array:
    """Return an array of a file, whose numbers are of ``dtype``: for bfloat16 also the 16-bit numbers of its bits."""
    is_bits = dtype == "bfloat16" and array.dtype.itemsize == 2 and array.dtype.kind in "uiV"
    return from_bits(array) if is_bits else array
