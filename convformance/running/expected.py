"""Expectations of the user's own: findings that a file lists, with a reason each, and the cases that it has seen.

The file is TOML; its schema stands in docs/ci.md.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from convformance.adapters.contract import UsageError
from convformance.adapters.discovery import Selection
from convformance.judging.grades import CLEAN, GRADES
from convformance.processes.machine import is_instruction_set, this_machine
from convformance.reference.dtypes import ALL_DTYPES
from convformance.reference.operation import OPERATIONS
from convformance.reports.lines import Expectation, Verdict
from convformance.running.questions import Question

DEFAULT_NAME = "conformance.toml"
FAILING = tuple(grade for grade in GRADES if grade not in CLEAN)
_ANY = ("*",)
_PATTERNS = ("adapter", "operation", "route", "case", "dtype")
_LISTS = (*_PATTERNS, "grades", "machines")
_TEXTS = ("name", "reason", "link", "versions")
_REQUIRED = ("name", "reason")


@dataclass(frozen=True)
class Entry:
    """Findings that are expected: those on questions that match each pattern, with one of ``grades``.

    They are expected of ``versions`` of the framework (a PEP 440 specifier, empty for any), on machines that have all
    of ``machines``: an instruction set that oneDNN may use, a setting of the environment, or neither after a ``!``.
    """

    name: str
    reason: str
    adapter: tuple[str, ...] = _ANY
    operation: tuple[str, ...] = _ANY
    route: tuple[str, ...] = _ANY
    case: tuple[str, ...] = _ANY
    dtype: tuple[str, ...] = _ANY
    grades: tuple[str, ...] = FAILING
    link: str = ""
    versions: str = ""
    machines: tuple[str, ...] = ()

    def covers(self, question: Question, selection: Selection) -> bool:
        """Whether the entry speaks of this question, whatever the grade."""
        return (
            _matches(question.adapter, self.adapter)
            and _matches(question.operation, self.operation)
            and _matches(question.route.name, self.route)
            and _matches(question.dtype, self.dtype)
            and _matches(question.case.id, self.case)
            and _in_versions(selection.version, self.versions)
            and _on_machine(self.machines)
        )

    def is_met_by(self, verdict: Verdict) -> bool:
        """Whether a verdict that the entry covers fails as it says; one that is known as well does so, too."""
        return verdict.grade in self.grades and bool(verdict.expected or verdict.known)


@dataclass(frozen=True)
class Expectations:
    """The entries of a file, and the ids of the cases that it has seen; None where it does not say."""

    entries: tuple[Entry, ...] = ()
    seen: frozenset[str] | None = None

    def apply(self, verdict: Verdict, question: Question, selection: Selection) -> Verdict:
        """Return a finding with the entry that expects it, which makes it none, or with the word that its case is new.

        Any other verdict comes back as it is.
        """
        if not verdict.finding:
            return verdict
        for entry in self.entries:
            if verdict.grade in entry.grades and entry.covers(question, selection):
                return replace(verdict, expected=entry.name, finding=False)
        return replace(verdict, new=self.seen is not None and verdict.case not in self.seen)

    def reason(self, name: str) -> str:
        """Return why the entry of that name is expected."""
        return next(entry.reason for entry in self.entries if entry.name == name)


NO_EXPECTATIONS = Expectations()


@cache
def _matches(value: str, patterns: tuple[str, ...]) -> bool:
    # The label of a mode has brackets, which a pattern reads as a choice of characters: a name means itself as well.
    return any(value == pattern or fnmatchcase(value, pattern) for pattern in patterns)


@cache
def _in_versions(version: str, versions: str) -> bool:
    """Whether a version lies in a specifier; one that is no version lies in none."""
    try:
        return not versions or SpecifierSet(versions).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


@cache
def _on_machine(machines: tuple[str, ...]) -> bool:
    """Whether this machine has everything that is required, and nothing that an exclamation mark excludes."""
    return all(_is_had(text.removeprefix("!")) != text.startswith("!") for text in machines)


def _is_had(text: str) -> bool:
    """Whether this machine has an instruction set that oneDNN may use, or a setting ``NAME=value``."""
    name, is_setting, value = text.partition("=")
    return os.environ.get(name) == value if is_setting else this_machine().has(name, "onednn")


def expectation_line(
    entry: Entry, covered: Iterable[tuple[Question, Verdict | None]], *, unfiltered: bool
) -> Expectation | None:
    """Return what an entry came to, or None where it covers nothing that was asked.

    It is stale only where everything was asked that it covers, and nothing fails as it says.
    """
    pairs = list(covered)
    verdicts = [verdict for _, verdict in pairs if verdict is not None]
    if not verdicts:
        return None
    diverged = sum(map(entry.is_met_by, verdicts))
    stale = unfiltered and len(verdicts) == len(pairs) and not diverged
    message = f"none of the {len(verdicts):,} verdicts that expectation {entry.name} covers fails as it says; remove it"
    return Expectation(
        adapter=", ".join(dict.fromkeys(question.adapter for question, _ in pairs)),
        name=entry.name,
        reason=entry.reason,
        link=entry.link,
        matched=len(verdicts),
        diverged=diverged,
        stale=stale,
        message=message if stale else "",
    )


def read(path: Path | None) -> Expectations:
    """Return what a file expects, nothing without a file.

    Raises UsageError, one sentence that names file, entry and key and says what is allowed.
    """
    if path is None:
        return NO_EXPECTATIONS
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"--expected {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no TOML: it is not encoded in UTF-8") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Expectations:
    """Return what the text of a file expects; raises UsageError as ``read`` does."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}") from error
    _check_keys(content, ("expected", "seen"), str(path))
    tables = content.get("expected", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: expected is no list of tables; allowed: [[expected]], one for each expectation")
    entries = tuple(_entry(table, _where(path, number, table)) for number, table in enumerate(tables, 1))
    names = [entry.name for entry in entries]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UsageError(f"{path}: two entries have the name {name!r}; allowed: each name once")
    return Expectations(entries, _seen(content, path))


def _where(path: Path, number: int, table: Mapping[str, Any]) -> str:
    name = table.get("name")
    return f"{path}, entry {number}" + (f" ({name})" if isinstance(name, str) else "")


def _seen(content: Mapping[str, Any], path: Path) -> frozenset[str] | None:
    seen = content.get("seen")
    if seen is None:
        return None
    if not isinstance(seen, dict):
        raise UsageError(f"{path}: seen is no table; allowed: [seen] with cases, a list of ids")
    _check_keys(seen, ("cases",), f"{path}, [seen]")
    return frozenset(_texts(seen.get("cases", []), "cases", f"{path}, [seen]"))


def _check_keys(table: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(f"{where}: key {key!r} is unknown; allowed: {', '.join(allowed)}")


def _entry(table: Mapping[str, Any], where: str) -> Entry:
    _check_keys(table, (*_TEXTS[:1], *_LISTS, *_TEXTS[1:]), where)
    for key in _REQUIRED:
        if not table.get(key):
            raise UsageError(f"{where}: {key} is missing; an entry needs {' and '.join(_REQUIRED)}")
    lists = {key: _texts(table[key], key, where) for key in _LISTS if key in table}
    texts = {key: _text(table[key], key, where) for key in _TEXTS if key in table}
    for key, allowed in {"operation": OPERATIONS, "dtype": ALL_DTYPES, "grades": FAILING}.items():
        for value in lists.get(key, ()):
            _check_choice(value, key, allowed, where)
    _check_versions(texts.get("versions", ""), where)
    _check_machines(lists.get("machines", ()), where)
    values: dict[str, Any] = {**lists, **texts}
    return Entry(**values)


def _check_choice(value: str, key: str, allowed: tuple[str, ...], where: str) -> None:
    """Raise UsageError for a grade, or a pattern of operations or dtypes, that names none there is."""
    if value not in allowed and (key == "grades" or not any(fnmatchcase(name, value) for name in allowed)):
        raise UsageError(f"{where}: {key} {value!r} is unknown; allowed: {', '.join(allowed)}")


def _check_versions(versions: str, where: str) -> None:
    try:
        SpecifierSet(versions)
    except InvalidSpecifier as error:
        raise UsageError(f"{where}: versions {versions!r} is no specifier; allowed: such as '>=2.21,<3'") from error


def _check_machines(machines: Iterable[str], where: str) -> None:
    for text in machines:
        name = text.removeprefix("!")
        if "=" not in name and not is_instruction_set(name):
            allowed = (
                "an instruction set such as 'avx512f', or NAME=value of the environment, with ! in front for without"
            )
            raise UsageError(f"{where}: machines {text!r} is unknown; allowed: {allowed}")


def _text(value: Any, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} is no text; allowed: a text in quotation marks")
    return value


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    """Return a text, or a list of them, as a tuple."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{where}: {key} is no text and no list of texts; allowed: 'a' or ['a', 'b']")
    if not texts and key in (*_PATTERNS, "grades"):
        raise UsageError(f"{where}: {key} is an empty list; allowed: at least one text, or no {key} at all for any")
    return tuple(texts)
