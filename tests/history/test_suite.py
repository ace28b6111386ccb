"""What other environments need of this suite: from a checkout and from an installed distribution."""

from importlib import metadata
from pathlib import Path

import pytest

import convformance
from convformance.history import suite

REQUIRES = [
    "numpy>=2.0",
    'tomli>=2; python_version < "3"',
    'jax>=0.5; extra == "jax"',
    'toyconv[fast]>=1; extra == "toy"',
    'onnx>=1.17; extra == "toy"',
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the package lie in a folder of packages, beside others."""
    package = tmp_path / "site-packages" / "convformance"
    (package / "reference").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "reference" / "geometry.py").touch()
    (package.parent / "neighbour.py").touch()
    monkeypatch.setattr(convformance, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(metadata, "requires", lambda name: REQUIRES)
    return package


def test_an_installed_suite_is_copied_without_its_neighbours(installed: Path, tmp_path: Path) -> None:
    copy = suite.copied_into(tmp_path / "cache")
    assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*.py")) == [
        "convformance/__init__.py",
        "convformance/reference/geometry.py",
    ]


def test_what_an_installed_suite_needs_is_read_from_its_metadata(installed: Path) -> None:
    assert suite.requirements("toy", "toyconv", "1.5") == ("toyconv==1.5", "onnx>=1.17", "numpy>=2.0")
    assert suite.requirements("mine", "anything", "2") == ("anything==2", "numpy>=2.0")
    assert suite.distribution_of("toy") == "toyconv"


def test_another_state_of_the_code_is_another_copy(installed: Path, tmp_path: Path) -> None:
    first = suite.copied_into(tmp_path / "cache")
    (installed / "reference" / "geometry.py").write_text("# changed\n")
    second = suite.copied_into(tmp_path / "cache")
    assert first != second
    assert (second / "convformance" / "reference" / "geometry.py").read_text() == "# changed\n"


def test_a_pyproject_of_another_project_is_not_ours(installed: Path) -> None:
    (installed.parent / "pyproject.toml").write_text('[project]\nname = "other"\ndependencies = ["nothing"]\n')
    assert suite.requirements("mine", "anything", "2") == ("anything==2", "numpy>=2.0")
