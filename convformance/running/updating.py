"""Updating a file of expectations: an entry for each new cause, none for what is stale, all else byte for byte."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from convformance.adapters.contract import UsageError
from convformance.judging.grades import GRADES
from convformance.reference.dtypes import ALL_DTYPES
from convformance.reference.operation import OPERATIONS
from convformance.reports.causes import Cause, causes
from convformance.reports.formatting import in_order, plural
from convformance.reports.lines import Verdict
from convformance.reports.record import Records
from convformance.reports.writing import replaced
from convformance.running import expected

REASON = "not looked at yet"
MOST_CASES = 20
_LONGEST_NAME = 80
_HEAD = "# What convformance may find and still be green: the keys are explained in its docs/ci.md.\n"
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


def update(path: Path, records: Records) -> str:
    """Let the file expect the findings in ``records``, and return a sentence on what changed.

    Entries stay with their comments, unless the records say that they are stale; a new entry stands for each cause, in
    its place by name. Raises UsageError for a file that cannot be updated.
    """
    text = path.read_bytes().decode() if path.exists() else _HEAD
    stale = {line.name for line in records.expectations.values() if line.stale}
    blocks = [block for block in _blocks(text.replace("\r\n", "\n"), path) if _name(block) not in stale]
    names = {_name(block) for block in blocks}
    entries = _entries(records, names)
    for name in sorted(entries):
        blocks.insert(_position(blocks, name), entries[name])
    before = expected.parse(text, path).seen or frozenset()
    seen = before | {verdict.case for verdict in records.verdicts.values()}
    if seen != before:
        blocks = _with_seen(blocks, sorted(seen))
    _write(path, _joined(blocks), "\r\n" if "\r\n" in text else "\n")
    changes = f"{plural(len(entries), 'expectation')} added, {len(stale):,} removed"
    return f"{path}: {changes}, {plural(len(seen - before), 'case')} seen for the first time"


def _blocks(text: str, path: Path) -> list[str]:
    """Return the text in pieces: what stands before the first table, then each table with the comment right above it.

    A line that begins with a bracket begins a table where all before it is TOML by itself, not an open list or text.
    """
    starts = [_with_comment(text, match.start()) for match in _HEADER.finditer(text) if _is_toml(text[: match.start()])]
    blocks = [text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True)]
    entries = tomllib.loads(text).get("expected", [])
    if len([block for block in blocks if _name(block)]) != len(entries):
        raise UsageError(f"{path} cannot be updated: an expectation is no [[expected]] table of its own")
    return blocks


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _with_comment(text: str, start: int) -> int:
    """Return where the comment begins that ends right above ``start``; ``start`` itself where there is none."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#") or not _is_toml(text[:above]):
            break
        start = above
    return start


def _name(block: str) -> str:
    """Return the name of the expectation that a block is, or an empty text."""
    tables = tomllib.loads(block).get("expected", [])
    return str(tables[0]["name"]) if len(tables) == 1 else ""


def _position(blocks: Sequence[str], name: str) -> int:
    """Return where a new entry goes: before the first with a later name, behind all others where there is none."""
    entries = [index for index, block in enumerate(blocks) if _name(block)]
    later = [index for index in entries if _name(blocks[index]) > name]
    return later[0] if later else entries[-1] + 1 if entries else 1


def _entries(records: Records, taken: Iterable[str]) -> dict[str, str]:
    """Return the text of an entry for each cause, by name; a name that is taken gets a number."""
    names, entries = set(taken), {}
    for cause in causes(records):
        adapter = records.runs[cause.adapter].run.adapter
        base = name = _slug(f"{adapter} {cause.name}")
        number = 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.add(name)
        entries[name] = _entry(name, adapter, cause)
    return entries


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST_NAME].strip("-")


def _entry(name: str, adapter: str, cause: Cause) -> str:
    """Return the text of an entry, as narrow as a few lines can make it."""
    table = tomlkit.table()
    cases = sorted({verdict.case for verdict in cause.verdicts})
    values = {
        "name": name,
        "adapter": adapter,
        "operation": _single(in_order(_every("op", cause.verdicts), OPERATIONS)),
        "route": _single(sorted(_every("route", cause.verdicts))),
        "case": _single(cases) if len(cases) <= MOST_CASES else "*",
        "dtype": _single(in_order(_every("dtype", cause.verdicts), ALL_DTYPES)),
        "grades": _single(in_order(_every("grade", cause.verdicts), GRADES)),
        "reason": REASON,
    }
    for key, value in values.items():
        table.add(key, _array(value) if isinstance(value, list) and key == "case" else value)
    tables = tomlkit.aot()
    tables.append(table)
    return tomlkit.dumps({"expected": tables})


def _every(field: str, verdicts: Iterable[Verdict]) -> set[str]:
    return {getattr(verdict, field) for verdict in verdicts}


def _single(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _array(values: Sequence[str]) -> Any:
    """Return a list with a line for each value, so that a change of one is a change of a line."""
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(True)


def _with_seen(blocks: Sequence[str], seen: Sequence[str]) -> list[str]:
    """Return the blocks with the ids in ``[seen]``, which becomes the last one where there is none."""
    changed = list(blocks)
    for index, block in enumerate(blocks):
        if "seen" in tomllib.loads(block):
            document = tomlkit.parse(block)
            document["seen"]["cases"] = _array(seen)
            changed[index] = tomlkit.dumps(document)
            return changed
    return [*changed, tomlkit.dumps({"seen": {"cases": _array(seen)}})]


def _joined(blocks: Iterable[str]) -> str:
    """Return the blocks as one text, an empty line between those that had none."""
    text = ""
    for block in blocks:
        if text and not text.endswith("\n"):
            text += "\n"
        text += "\n" * bool(text and block and not text.endswith("\n\n")) + block
    return text.rstrip("\n") + "\n"


def _write(path: Path, text: str, newline: str) -> None:
    """Write the text if it still says what a file of expectations may say; the old file stays until it is written."""
    expected.parse(text, path)
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline=newline)
