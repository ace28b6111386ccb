"""Answers in files as an adapter: ``answers:DIR``, a folder of questions with answers laid beside them."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import files
from convformance.adapters.contract import Adapter, Answer, BackendFault, Domain, Refusal, Request, Route, UsageError
from convformance.adapters.exchange import ANSWERS, REFUSAL, Answers, Entry, ExchangeError, Folder, restored
from convformance.adapters.protocol.introduction import ASKED
from convformance.adapters.protocol.messages import geometry
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem

PREFIX = "answers:"
SEPARATOR = "//"  # between the folder of questions and that of the answers, where those lie elsewhere
_ROUTE = "file"


class Recorded(Adapter):
    """Whoever answered a folder of questions. What is asked is looked up by the bytes of its operands."""

    answers_anything = False
    folder: ClassVar[Folder]
    answers: ClassVar[Answers]

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self._entries: dict[tuple[str, str, str], list[Entry]] = {}
        for name in self.answers.files:
            if name in self.folder.entries:
                entry = self.folder.entries[name]
                self._entries.setdefault(_key(entry.operation, entry.dtype, entry.problem), []).append(entry)
        self._fills: tuple[Entry | None, Mapping[bytes, str]] = None, {}
        self._contents: tuple[Entry | None, Mapping[str, Any]] = None, {}

    @classmethod
    @cache
    def version(cls) -> str:
        """Return the version of what answered, as it says."""
        return cls.answers.about.get("target", "unknown")

    def answer(self, route: Route, problem: Problem, operands: tuple[Array, ...], bias: Array | None = None) -> Answer:
        """Return the answer that lies in a file; raises Refusal with the words in it, BackendFault for a bad file."""
        dtype = str(operands[0].dtype)
        arrays = operands if bias is None else (*operands, bias)
        digest = _digest(arrays)
        for entry in self._entries.get(_key(route.operation, dtype, geometry(problem)), ()):
            fill = self._fills_of(entry).get(digest)
            if fill is not None:
                return Answer(self._answer_to(entry, fill), 0.0)
        raise BackendFault("error", "the question was not exported, so that nobody has answered it")

    def _fills_of(self, entry: Entry) -> Mapping[bytes, str]:
        """Return the fills of a question by what their operands are."""
        if self._fills[0] is not entry:
            file = self.folder.question_file(entry)
            arrays = _arrays(file)
            by_digest = {
                _digest([restored(arrays[f"{fill}.{name}"], entry.dtype) for name in entry.operands]): fill
                for fill in entry.fills
            }
            self._fills = entry, by_digest
        return self._fills[1]

    def _answer_to(self, entry: Entry, fill: str) -> Array:
        path = self.answers.files[entry.name]
        if self._contents[0] is not entry:
            self._contents = entry, _refused(path) if path.suffix == REFUSAL else _arrays(path)
        contents = self._contents[1]
        if fill not in contents:
            there = ", ".join(contents) or "nothing"
            raise BackendFault("error", f"{_short(path)} holds no array {fill!r}; it holds {there}")
        return restored(contents[fill], entry.dtype)


def _refused(path: Path) -> Mapping[str, Any]:
    """Raise what a file says in place of answers: a refusal, or an error."""
    try:
        message = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BackendFault("error", f"{_short(path)} is no JSON: {error}") from error
    if isinstance(message, dict) and "refused" in message:
        raise Refusal(str(message["refused"]))
    if isinstance(message, dict) and "error" in message:
        raise BackendFault("error", str(message["error"]))
    raise BackendFault("error", f'{_short(path)} says neither "refused" nor "error"')


def _arrays(path: Path) -> Mapping[str, Any]:
    try:
        return files.read_arrays(str(path))
    except (ValueError, OSError) as error:
        raise BackendFault("error", str(error).replace(str(path), _short(path))) from error


def _short(path: Path) -> str:
    """Return a file's path from the folder of its operation on: the same wherever the folder lies."""
    return "/".join(path.parts[-3:])


def _digest(arrays: Any) -> bytes:
    digest = blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(b"|")
    return digest.digest()


def _key(operation: str, dtype: str, problem: Mapping[str, Any]) -> tuple[str, str, str]:
    return operation, dtype, json.dumps(problem, sort_keys=True)


@cache
def adapter_of(spec: str) -> type[Recorded]:
    """Return the adapter of a spec ``answers:DIR`` or ``answers:DIR//ANSWERS``. Raises UsageError."""
    path, _, elsewhere = spec.removeprefix(PREFIX).partition(SEPARATOR)
    folder = Folder(Path(path))
    answers = Answers(Path(elsewhere) if elsewhere else folder.path / ANSWERS)
    try:
        about, entries = answers.about, folder.about and folder.entries
    except ExchangeError as error:
        raise UsageError(f"adapter {spec}: {error}") from error
    answered = {
        (entries[name].operation, entries[name].case, entries[name].dtype) for name in answers.files if name in entries
    }
    if not answered:
        raise UsageError(f"adapter {spec}: no file in {answers.path} answers a question of {folder.path}")
    routes = tuple(_routes(answered))
    namespace = {
        "name": about.get("name") or "answers",
        "own_device": about.get("device", "unknown"),
        "folder": folder,
        "answers": answers,
        "routes": classmethod(lambda cls: routes),
    }
    return type("Recorded", (Recorded,), {**namespace, "__module__": __name__})


def _routes(answered: set[tuple[str, str, str]]) -> Iterator[Route]:
    """Yield the route of each operation, which can be asked what was answered."""
    for operation in OPERATIONS:
        pairs = {(case, dtype) for each, case, dtype in answered if each == operation}
        if pairs:
            yield Route(operation, _ROUTE, "answer", takes_bias=True, domain=ASKED & _domain(pairs))


def _domain(pairs: set[tuple[str, str]]) -> Domain:
    def holds(request: Request) -> bool:
        return not request.case or (request.case, request.dtype) in pairs

    return Domain("what was answered", holds)
