"""Writing: the same records in every format asked for, each file complete or left as it was."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from convformance.reports.badge import write_badge
from convformance.reports.ctrf import write_ctrf
from convformance.reports.html import write_html
from convformance.reports.junit import write_junit
from convformance.reports.markdown import write_markdown
from convformance.reports.record import Records
from convformance.reports.versions_markdown import write_versions

Write = Callable[[Records, Path], None]


def write(records: Records, outputs: Mapping[str, Path | None], baseline: Records | None = None) -> None:
    """Write ``records`` to the paths in ``outputs``, by format (html, markdown, junit, ctrf, badge, versions).

    Nothing is written to None. Both pages say what changed since ``baseline``. Missing folders are made. Raises OSError
    for a path that cannot be written.
    """
    writers: dict[str, Write] = {
        "html": lambda records, path: write_html(records, path, baseline=baseline),
        "markdown": lambda records, path: write_markdown(records, path, baseline=baseline),
        "junit": write_junit,
        "ctrf": write_ctrf,
        "badge": write_badge,
        "versions": write_versions,
    }
    for name, path in outputs.items():
        if path is not None:
            with replaced(path) as temporary:
                writers[name](records, temporary)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a path to write to, of the same suffix, that takes the place of ``path`` at the end.

    An error leaves ``path`` as it was. What is there and no file, a pipe or a device, is written to directly.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
