"""One adapter asked all raw arguments, and the table that the page has of it."""

import subprocess
import sys
from pathlib import Path

from convformance.reports import record
from convformance.reports.record import Records

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "findings.md"


def asked(name: str, folder: Path) -> tuple[int, Records]:
    """Return the exit status of a run of the family, and its record."""
    command = [sys.executable, "-m", "convformance", "run", "--adapter", name, "--family", "refusals"]
    done = subprocess.run([*command, "--out", str(folder), "-n", "2", "-q"], cwd=ROOT, capture_output=True, check=False)
    return done.returncode, record.read([folder / "run.jsonl"])


def table_of(page: str) -> list[str]:
    """Return the lines of the table of raw arguments in a page."""
    lines = page.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| adapter | argument |"))
    end = next(number for number, line in enumerate(lines[start:], start) if not line.startswith("|"))
    return lines[start:end]
