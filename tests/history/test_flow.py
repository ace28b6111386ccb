"""The command from end to end, without a network: environments of this interpreter, versions that are files."""

import argparse
from pathlib import Path

import pytest

from convformance import cli
from convformance.adapters.contract import UsageError
from convformance.history import command, suite
from convformance.history.choosing import HistoryError
from convformance.reports import record
from convformance.reports.versions import histories
from tests.history.installing import ToyInstaller, offered

TOY = Path(__file__).with_name("toy.py")
FEW = ("--op", "conv", "--dtype", "float32", "--case", "strides-")


def parsed(folder: Path, *words: str, adapter: str = f"{TOY}") -> argparse.Namespace:
    places = ("--out", str(folder / "out"), "--cache", str(folder / "cache"))
    return cli._parser().parse_args(["history", "--adapter", adapter, *FEW, *places, *words])


def history_of(folder: Path, *words: str, install: ToyInstaller | None = None) -> tuple[int, ToyInstaller]:
    used = install or ToyInstaller()
    return command.run(parsed(folder, *words), install=used, index=offered), used


def test_versions_are_asked_bisected_kept_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, install = history_of(tmp_path, "--versions", "0.9,1.0,1.4,1.6,latest", "--bisect")
    printed = capsys.readouterr().out
    assert status == 0
    (history,) = histories(record.read(sorted((tmp_path / "out").glob("*.jsonl"))))
    reasons = {each.version: each.reason for each in history.versions if not each.label}
    (cause,) = history.causes
    (span,) = cause.spans

    assert (span.before, span.first, span.last, span.after) == ("1.2", "1.3", "1.5", "1.6")
    assert [each.version for each in history.asked] == ["1.0", "1.2", "1.3", "1.4", "1.5", "1.6"]
    assert "no version of toyconv==0.9" in reasons["0.9"]
    assert reasons["2.0"].startswith("adapter toy cannot be made: OSError: its library is for another machine")
    assert "1 cause came or went" in printed

    page = (tmp_path / "out" / "versions.md").read_text(encoding="utf-8")
    assert "since" in page
    assert "1.3 (right in 1.2)" in page
    assert "its library is for another machine" in page
    assert 'id="versions"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    again = ToyInstaller()
    history_of(tmp_path, "--versions", "1.0,1.4,1.3", install=again)
    assert again.installed == [], "what was made and asked once is not made again"
    assert "installing" not in capsys.readouterr().out
    assert sorted(set(install.installed)) == sorted(install.installed)


def test_an_environment_is_removed_after_its_run_where_that_is_wanted(tmp_path: Path) -> None:
    status, _ = history_of(tmp_path, "--versions", "1.0", "--discard")
    assert status == 0
    assert not list((tmp_path / "cache").rglob("pyvenv.cfg"))
    assert list((tmp_path / "cache").rglob("run.jsonl"))


def test_a_version_that_fails_does_not_stop_the_others_and_none_at_all_is_status_3(tmp_path: Path) -> None:
    status, install = history_of(tmp_path, "--versions", "0.8,0.9")
    assert status == 3
    assert sorted(install.installed) == ["0.8", "0.9"]
    assert len(record.read(sorted((tmp_path / "out").glob("*.jsonl"))).unasked_versions) == 2


def broken_index(distribution: str, prereleases: bool) -> list[str]:
    raise HistoryError("the index is away")


def test_an_index_that_is_away_matters_only_where_it_is_needed(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="the index is away"):
        command.run(parsed(tmp_path, "--versions", "1.0,latest"), install=ToyInstaller(), index=broken_index)
    install = ToyInstaller()
    command.run(parsed(tmp_path, "--versions", "0.9"), install=install, index=broken_index)
    assert install.installed == ["0.9"]


def test_a_filter_that_lets_nothing_through_is_an_error_before_anything_is_installed(tmp_path: Path) -> None:
    install = ToyInstaller()
    with pytest.raises(UsageError, match="--family nosuch is unknown"):
        command.run(parsed(tmp_path, "--versions", "1.0", "--family", "nosuch"), install=install, index=offered)
    assert install.installed == []


@pytest.mark.parametrize(
    ("adapter", "said"),
    [("exec:./harness", "has no versions"), (f"{TOY.with_name('nameless.py')}", "--package")],
)
def test_what_has_no_versions_is_one_sentence(tmp_path: Path, adapter: str, said: str) -> None:
    with pytest.raises(HistoryError, match=said):
        command.run(parsed(tmp_path, "--versions", "1.0", adapter=adapter), install=ToyInstaller(), index=offered)


def test_the_copy_of_the_suite_is_laid_out_as_the_wheel_and_made_once(tmp_path: Path) -> None:
    copy = suite.copied_into(tmp_path)
    rooms = {path.name for path in (copy / "convformance").iterdir()}
    assert {"reference", "adapters", "test_cases", "judging", "reports", "processes", "running", "cli.py"} <= rooms
    assert "__pycache__" not in rooms
    (copy / "sign").touch()
    assert suite.copied_into(tmp_path) == copy
    assert (copy / "sign").exists()


def test_an_environment_gets_the_version_the_rest_of_the_extra_and_what_the_suite_needs() -> None:
    wanted = suite.requirements("onnxruntime", "onnxruntime", "1.20.0", ("onnx<1.18",))
    assert wanted[0] == "onnxruntime==1.20.0"
    assert [each for each in wanted if each.startswith("onnxruntime")] == ["onnxruntime==1.20.0"]
    assert any(each.startswith("onnx>=") for each in wanted)
    assert "onnx<1.18" in wanted
    assert any(each.startswith("pytest>=") for each in wanted)


def test_the_distribution_is_the_one_that_the_extra_installs() -> None:
    names = {name: suite.distribution_of(name) for name in ("jax", "tensorflow", "onnxruntime", "scipy")}
    assert names == {"jax": "jax", "tensorflow": "tensorflow-cpu", "onnxruntime": "onnxruntime", "scipy": ""}
