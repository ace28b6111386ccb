"""A worker: what the process that asks does for itself, so that nothing a framework does to it loses a verdict."""

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from convformance.processes.sentinel import Sentinel

# What the controller hands to a worker, and where the worker's files lie in the folder that it names.
FOLDER = "convformance_folder"
_SHARE = 0.9  # of the machine's memory, for all workers together
# Bytes beyond which a worker asks no further adapter, and beyond which another goes on in its place; the latter is less
# where its limit is. A framework that takes more than that from the start may let it grow by half.
_LARGE, _FULL, _GROWTH = 0.25e9, 0.9e9, 1.5
_MOST_OF_LIMIT = 0.75
_RESIDENT = Path("/proc/self/statm")
_LAST_WORDS = 4096  # bytes of its standard error that are looked at


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def state_file(folder: Path, worker: str) -> Path:
    """Return the file that a worker shares with its sentinel."""
    return folder / f"{worker}.state"


def output_files(folder: Path, worker: str) -> tuple[Path, Path]:
    """Return the files that hold what a worker wrote to its standard output and to its standard error."""
    return folder / f"{worker}.out", folder / f"{worker}.err"


def prepare(config: pytest.Config) -> None:
    """Make a worker ready: its output into a file of its own, its memory limited, interrupts left to the controller."""
    # The controller hears the interrupt as well and ends the workers; an adapter that raises one means something else.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(memory_limit(config))
    if config.option.capture == "no":
        _redirect(output_files(_folder(config), _name(config)))


def sentinel_of(config: pytest.Config) -> "Sentinel":
    """Return a sentinel for this worker."""
    from convformance.processes.sentinel import Sentinel

    return Sentinel(state_file(_folder(config), _name(config)))


def _folder(config: pytest.Config) -> Path:
    return Path(config.workerinput[FOLDER])  # type: ignore[attr-defined]


def _name(config: pytest.Config) -> str:
    name: str = config.workerinput["workerid"]  # type: ignore[attr-defined]
    return name


def _redirect(files: tuple[Path, Path]) -> None:
    """Send what this process writes to its standard output and to its standard error to two files."""
    for stream, file in zip((1, 2), files, strict=True):
        target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(target, stream)
        os.close(target)


def limit_memory(gigabytes: float) -> None:
    """Let this process have no more than that: asking for more fails in it, and does not end something else."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))


def memory_limit(config: pytest.Config) -> float:
    """Return the gigabytes that this worker may have: what the user says, or its share of what there is."""
    if config.option.memory:
        return float(config.option.memory)
    workers: int = config.workerinput["workercount"]  # type: ignore[attr-defined]
    return _SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30 / workers


class Growth:
    """How much memory this process takes while it asks, and when that is too much; ``limit`` in gigabytes."""

    def __init__(self, limit: float, resident: "Callable[[], int] | None" = None) -> None:
        self._full = min(_FULL, _MOST_OF_LIMIT * limit * 2**30)
        self._resident = resident or resident_memory
        self._at_first: dict[str, int] = {}
        self._now = 0

    def count(self, adapter: str) -> None:
        """Look at the memory after a question that ``adapter`` was asked."""
        self._now = self._resident()
        self._at_first.setdefault(adapter, self._now)

    def ends_before(self, adapter: str) -> bool:
        """Whether another process should ask ``adapter`` the next question."""
        if adapter not in self._at_first:
            return self._now > _LARGE
        return self._now > max(self._full, _GROWTH * self._at_first[adapter])


def resident_memory() -> int:
    """Return the bytes of memory that this process has now, 0 where the system does not say."""
    try:
        pages = _RESIDENT.read_bytes().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def last_words(folder: Path, worker: str) -> str:
    """Return the last line that a worker wrote to its standard error, or nothing."""
    _, errors = output_files(folder, worker)
    try:
        text = errors.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.replace("\0", "").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
