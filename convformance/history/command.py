"""The command ``history``: the versions that are asked for, then those that bisection wants, then the pages."""

import argparse
import sys

from convformance.adapters import program, recorded
from convformance.adapters.discovery import Selection, selection_of
from convformance.history.asking import Job
from convformance.history.bisecting import bisect
from convformance.history.choosing import BETWEEN, LATEST, HistoryError, Index, chosen, offered_by_pip
from convformance.history.collecting import Collection
from convformance.history.installing import Installer, installer
from convformance.history.suite import copied_into, distribution_of
from convformance.options import RunOptions
from convformance.reports.formatting import plural
from convformance.running.launch import BROKEN, OK
from convformance.running.questions import Scope


def run(parsed: argparse.Namespace, *, install: Installer | None = None, index: Index = offered_by_pip) -> int:
    """Ask every version and write the pages; exit status 0 unless no version could be asked.

    Usage errors are raised before anything is installed: UsageError, HistoryError.
    """
    selection = _selection(parsed.adapter)
    distribution = parsed.package or _distribution(selection)
    offered = _offered(index, distribution, parsed)
    versions = chosen(parsed.versions, lambda: offered)
    if not versions:
        raise HistoryError("--versions names none; allowed: versions with commas, such as 0.5.0,latest")
    parsed.adapter = (parsed.adapter,)
    options = RunOptions.of(parsed)
    Scope.of(options)  # raises UsageError for a filter that lets nothing through
    cache = parsed.cache.expanduser().resolve()
    job = Job(selection.spec, options, parsed.workers, copied_into(cache))
    collection = Collection(
        job, selection.label, distribution, parsed.out, cache, install or installer(parsed.installer),
        beside=tuple(parsed.beside), discard=parsed.discard,
    )  # fmt: skip
    collection.note_offered(offered)
    return _collect(collection, versions, offered, most=parsed.most if parsed.bisect else 0)


def _collect(collection: Collection, versions: list[str], offered: list[str], *, most: int) -> int:
    for version in reversed(versions):
        collection.ask(version)
    if most:
        asked = bisect(collection.boundaries, collection.ask, offered, versions, most)
        print(f"bisection asked {plural(len(asked), 'version')}: {', '.join(asked) or 'none were between'}")
    for line in collection.write():
        print(line)
    return OK if collection.answered else BROKEN


def _selection(spec: str) -> Selection:
    if spec.startswith((program.PREFIX, recorded.PREFIX)):
        raise HistoryError(f"--adapter {spec}: a program or a folder has no versions in a package index")
    return selection_of(spec)


def _distribution(selection: Selection) -> str:
    """Return what is installed in another version for an adapter."""
    cls = selection.adapter_class
    distribution = cls.distribution or distribution_of(cls.name)
    if distribution or cls.requires:
        return distribution or cls.requires[0]
    raise HistoryError(
        f"adapter {cls.name} does not say which distribution it drives; name it with --package NAME, or as "
        "distribution = 'NAME' in its class"
    )


def _offered(index: Index, distribution: str, parsed: argparse.Namespace) -> list[str]:
    """Return what the index offers; where it cannot be asked and nothing depends on it, that is said and no more."""
    try:
        return list(index(distribution, parsed.pre))
    except HistoryError as error:
        if parsed.bisect or LATEST in parsed.versions or BETWEEN in parsed.versions:
            raise
        print(f"convformance: {error}; so nothing is said of versions that were not asked", file=sys.stderr)
        return []
