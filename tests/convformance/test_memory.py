"""What a process that asks many questions does not keep."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.convformance.test_command_line import ROOT, adapter

PLUGIN = """
import gc

def pytest_sessionfinish(session):
    print(f"garbage is collected: {gc.isenabled()}, but not among items: {gc.get_freeze_count() > len(session.items)}")
    kept = sum(item.verdict is not None for item in session.items)
    print(f"{len(session.items)} items, {kept} with a verdict")
"""


def test_an_item_does_not_keep_its_verdict_once_it_is_reported(tmp_path: Path) -> None:
    (tmp_path / "keeping.py").write_text(PLUGIN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    words = ["test_cases", "-p", "keeping", adapter("FlippedKernel"), "--tier=smoke", "--family=strides", "-q", "-s"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    counts = re.search(r"(\d+) items, (\d+) with a verdict", done.stdout)
    assert counts is not None
    assert int(counts[1]) > int(counts[2]) == 0
    assert "garbage is collected: True, but not among items: True" in done.stdout
