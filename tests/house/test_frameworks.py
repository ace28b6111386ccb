"""Every adapter that comes with the suite has an extra and an environment, and their table says what was asked."""

import configparser
import tomllib
from pathlib import Path

from convformance.adapters import discovery
from convformance.reports.model import summarise
from convformance.reports.record import load
from tests import frameworks
from tests.reports.synthetic import SyntheticRun

ROOT = Path(__file__).parents[2]


def test_every_adapter_has_an_extra_and_an_environment() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    environments = next(name for name in tox.sections() if name.startswith("testenv:{scipy,"))
    named = set(environments.partition("{")[2].rstrip("}").split(","))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert named == set(discovery.BUILT_IN)
    assert set(discovery.BUILT_IN) - {"scipy"} <= set(extras), "scipy itself is always there"


def test_those_that_are_quick_are_asked_the_standard_tier() -> None:
    assert set(frameworks.STANDARD) <= set(discovery.BUILT_IN)
    assert len(discovery.BUILT_IN) >= 20
    assert len(frameworks.STANDARD) >= 12


def test_the_table_says_which_tier_each_was_asked(tmp_path: Path) -> None:
    report = summarise(load([SyntheticRun(cases=3).write(tmp_path / "run.jsonl")]))
    rows = [line for line in frameworks.page(report).splitlines() if line.startswith("| ")]
    assert "| tier |" in rows[0]
    assert {run.label for run in report.runs} <= {row.split(" | ")[0].strip("| `") for row in rows}
    assert all(f" | {run.state.run.tier} | " in "\n".join(rows) for run in report.runs)
