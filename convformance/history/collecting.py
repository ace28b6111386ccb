"""The records of one adapter over its versions: made or taken from the cache, gathered in a folder, and shown."""

import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version

from convformance.history import suite
from convformance.history.asking import AskingError, Job, is_complete, record_of
from convformance.history.installing import Environment, Installer, InstallError, environment_at, prepare
from convformance.processes.loading import error_text
from convformance.reports import record, version_texts, writing
from convformance.reports.causes import causes, count_text
from convformance.reports.formatting import plural
from convformance.reports.lines import Line, Missing, Offered, to_line
from convformance.reports.record import Records
from convformance.reports.versions import History, histories

PAGE, MARKDOWN = "report.html", "versions.md"
_MOST_LINES = 20


@dataclass
class Collection:
    """Asks versions of ``distribution`` and keeps their records in ``out``, a file for each version.

    ``beside`` are further requirements; ``answered`` are the versions that gave answers, ``failed`` those that did not.
    """

    job: Job
    label: str
    distribution: str
    out: Path
    cache: Path
    install: Installer
    beside: tuple[str, ...] = ()
    discard: bool = False
    answered: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def note_offered(self, versions: Sequence[str]) -> None:
        """Write down what the index offers, so that the pages can say what lies between two versions."""
        self.out.mkdir(parents=True, exist_ok=True)
        if versions:
            self._write("offered", Offered(adapter=self.label, versions=tuple(versions)))

    def ask(self, version: str) -> None:
        """Ask one version, or take its record from the cache; whatever goes wrong is the reason that it has none."""
        try:
            self._gather(version, self._record(version))
        except Exception as error:
            reason = str(error) if isinstance(error, AskingError | InstallError) else error_text(error)
            self.failed[version] = reason
            self._write(version, Missing(adapter=self.label, reason=reason, framework_version=version))
            self._say(version, reason)

    def _record(self, version: str) -> Path:
        wanted = suite.requirements(self.job.spec.partition("[")[0], self.distribution, version, self.beside)
        environment = environment_at(self.cache, self.distribution, version, wanted)
        path = environment.folder / self.job.key / "run.jsonl"
        if is_complete(path):
            return path
        self._prepare(environment, wanted, version)
        path = record_of(self.job, environment.python, environment.folder)
        if self.discard:
            environment.discard()
        return path

    def _prepare(self, environment: Environment, wanted: Sequence[str], version: str) -> None:
        self._say(version, "asking" if environment.is_ready else "installing, then asking")
        try:
            prepare(environment, wanted, self.install)
        except InstallError as error:
            here = f"Python {platform.python_version()} on {platform.machine()}"
            raise InstallError(f"it cannot be installed for {here}: {error}") from error

    def _gather(self, version: str, path: Path) -> None:
        shutil.copyfile(path, self._file(version))
        self.answered.append(version)
        records = record.read([path])
        incomplete = "" if records.complete else "; the run did not reach its end"
        self._say(version, f"{plural(len(records.verdicts), 'verdict')}, {count_text(causes(records))}{incomplete}")

    def _say(self, version: str, text: str) -> None:
        print(f"{self.label} {version}: {text}", flush=True)

    def _file(self, version: str) -> Path:
        stem = re.sub(r"[^\w.=,+-]+", "_", self.label)
        return self.out / f"{stem}-{version}.jsonl"

    def _write(self, name: str, line: Line) -> None:
        with record.Writer(self._file(name)) as writer:
            writer.write(to_line(line))

    def records(self) -> Records:
        """Return every record in the folder, the newest version of an adapter first: it has the adapter's name."""
        paths = sorted(self.out.glob("*.jsonl"), key=_newest_first)
        return record.read(paths)

    def boundaries(self) -> list[tuple[str, str]]:
        """Return the versions between which causes came or went, once for each cause."""
        history = self._history(self.records())
        return [pair for cause in history.causes for pair in cause.boundaries] if history else []

    def _history(self, records: Records) -> History | None:
        return next((each for each in histories(records) if each.adapter == self.label), None)

    def write(self) -> Iterator[str]:
        """Write both pages; yield what came or went, and where the pages are."""
        records = self.records()
        writing.write(records, {"html": self.out / PAGE, "versions": self.out / MARKDOWN})
        yield from self._changes(self._history(records))
        yield f"pages: {self.out / PAGE}, {self.out / MARKDOWN}"

    def _changes(self, history: History | None) -> Iterator[str]:
        if history is None:
            return
        yield f"{plural(len(history.changed), 'cause')} came or went, {len(history.lasting)} in every version asked"
        for cause in history.changed[:_MOST_LINES]:
            texts = version_texts.since(history, cause), version_texts.until(history, cause)
            yield f"  {cause.name}: since {texts[0]}; until {texts[1]}"
        if len(history.changed) > _MOST_LINES:
            yield f"  ... and {len(history.changed) - _MOST_LINES} more"


def _newest_first(path: Path) -> tuple[str, tuple[int, ...], str]:
    stem, _, version = path.stem.rpartition("-")
    try:
        release = Version(version).release
    except InvalidVersion:
        release = ()
    return stem, tuple(-number for number in (*release, 0, 0, 0, 0)[:4]), version
