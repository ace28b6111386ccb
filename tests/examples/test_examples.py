"""Every example runs, holds its claims, draws its picture, and does without the frameworks that are not there."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, MissingFramework
from examples import asking

ROOT = Path(__file__).resolve().parents[2]
ASKING = ("many_ways_to_a_gradient", "batches_and_colours", "training_a_transposed_layer", "how_much_error_is_normal")
NAMES = ("scatter_and_flip", "averaged_overlap", "what_wrong_looks_like", *ASKING)
PNG = b"\x89PNG\r\n\x1a\n"


def example(name: str) -> ModuleType:
    return importlib.import_module(f"examples.{name}")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_holds_its_claims_and_draws_its_picture(name: str, tmp_path: Path) -> None:
    example(name).main(tmp_path)
    assert (tmp_path / f"{name}.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("name", ASKING)
def test_an_example_says_what_is_missing_and_does_the_rest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def create(spec: str) -> Adapter:
        if spec != "scipy":
            raise MissingFramework(f"adapter {spec} needs {spec}, not installed here")
        return discovery.create(spec)

    monkeypatch.setattr(asking, "create", create)
    asking.say_once.cache_clear()
    example(name).main(tmp_path)
    assert "left out: adapter torch needs torch" in capsys.readouterr().out
    assert (tmp_path / f"{name}.png").exists()


def test_a_script_runs_from_any_folder(tmp_path: Path) -> None:
    script = str(ROOT / "examples" / "scatter_and_flip.py")
    run = subprocess.run(
        [sys.executable, script, "--out", "pictures"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("scatter and flip: 7x7 ramp")
    assert (tmp_path / "pictures" / "scatter_and_flip.png").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_every_example(name: str) -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    assert f"python examples/{name}.py" in page
    assert f"(examples/{name}.png)" in page
    assert (ROOT / "docs" / "examples" / f"{name}.png").stat().st_size < 200_000


def test_the_pictures_of_the_page_are_those_of_the_examples() -> None:
    pictures = list((ROOT / "docs" / "examples").iterdir())
    assert sorted(picture.name for picture in pictures) == sorted(f"{name}.png" for name in NAMES)
    assert sum(picture.stat().st_size for picture in pictures) < 1_000_000
