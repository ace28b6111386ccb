"""Which versions are asked: what the user writes, against what the package index offers."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from packaging.version import InvalidVersion, Version

LATEST, BETWEEN = "latest", "..."
# Returns the versions that an index offers of a distribution, the oldest first; True asks for prereleases as well.
Index = Callable[[str, bool], Sequence[str]]

_SERIES = 2  # a series is what agrees in so many numbers: 0.6 of 0.6.2
_TIME = 300


class HistoryError(ValueError):
    """Something that stands in the way of a history, in one sentence for the user."""


def offered_by_pip(distribution: str, prereleases: bool) -> list[str]:
    """Return what the index that pip is configured for offers this Python, the oldest first; raises HistoryError."""
    command = [sys.executable, "-m", "pip", "index", "versions", distribution, *(["--pre"] if prereleases else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIME, check=False)
    except subprocess.TimeoutExpired as error:
        raise HistoryError(f"pip did not say within {_TIME} s which versions of {distribution} there are") from error
    listed = re.search(r"(?m)^Available versions: (.*)$", done.stdout)
    if done.returncode or not listed:
        said = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise HistoryError(
            f"pip cannot say which versions of {distribution} there are: {(said or ['it says nothing'])[-1].strip()}"
        )
    return in_order(listed[1].split(", "))


def in_order(versions: Iterable[str]) -> list[str]:
    """Return versions once each, the oldest first; what is no version is left out."""
    return sorted({each.strip() for each in versions if _is_version(each)}, key=Version)


def _is_version(text: str) -> bool:
    try:
        Version(text.strip())
    except InvalidVersion:
        return False
    return True


def chosen(text: str, offered: Callable[[], Sequence[str]]) -> list[str]:
    """Return the versions that ``text`` names, the oldest first: ``0.5.0,0.6.2,...,latest``.

    Three dots stand for the last release of every series (0.7, 0.8) between their neighbours; ``offered`` is called
    only where they or ``latest`` are written. Raises HistoryError for what is no version.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in (LATEST, BETWEEN) and not _is_version(name):
            raise HistoryError(
                f"--versions {text}: {name!r} is no version; allowed: versions, {LATEST}, and {BETWEEN} between two"
            )
    if BETWEEN in names[:1] + names[-1:] or (BETWEEN, BETWEEN) in pairwise(names):
        raise HistoryError(
            f"--versions {text}: {BETWEEN} stands between two versions, such as 0.5.0,{BETWEEN},{LATEST}"
        )
    there = list(offered()) if {LATEST, BETWEEN} & set(names) else []
    if LATEST in names and not there:
        raise HistoryError(f"--versions {text}: the index offers no version")
    exact = [there[-1] if name == LATEST else name for name in names]
    gaps = [position for position, name in enumerate(names) if name == BETWEEN]
    filled = [version for at in gaps for version in _last_of_series(there, exact[at - 1], exact[at + 1])]
    return in_order([*(name for name in exact if name != BETWEEN), *filled])


def _last_of_series(offered: Sequence[str], low: str, high: str) -> list[str]:
    """Return the last release of every series strictly between those of two versions."""
    ends = {_series(low), _series(high)}
    last = {_series(each): each for each in offered if Version(low) < Version(each) < Version(high)}
    return [version for series, version in last.items() if series not in ends]


def _series(version: str) -> tuple[int, ...]:
    return Version(version).release[:_SERIES]
