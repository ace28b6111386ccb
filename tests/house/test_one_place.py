"""Adding a field to a verdict touches one place: made to a copy of the record's lines, and seen through to the end."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

from tests.house.code import MAPPED, ROOT

FIELD = "    processor: MaybeText = None\n"
SEEN_THROUGH = """
from dataclasses import replace
from convformance.reports import record
from convformance.reports.lines import Run, Verdict, to_line

verdict = Verdict.without_answer(("toy", "conv", "direct", "case", "float32"), "refused", "no")
assert verdict.processor is None
sent = Verdict.from_json(replace(verdict, processor="a toy").to_json())
writer = record.Writer("toy.jsonl")
writer.write(to_line(Run(adapter="toy")))
writer.write(to_line(sent))
writer.close()
(read,) = record.read(["toy.jsonl"]).verdicts.values()
assert read.processor == "a toy", read
"""


def test_a_field_of_a_verdict_is_one_line(tmp_path: Path) -> None:
    for folder in (*MAPPED, "convformance"):
        copytree(ROOT / folder, tmp_path / folder, ignore=ignore_patterns("__pycache__"))
    lines = tmp_path / "reports" / "lines.py"
    before = "    smallest: MaybeSmallest = None\n"
    text = lines.read_text(encoding="utf-8")
    assert text.count(before) == 1
    lines.write_text(text.replace(before, before + FIELD), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SEEN_THROUGH], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_page_shows_that_very_line() -> None:
    assert f"+{FIELD.rstrip()}" in (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
