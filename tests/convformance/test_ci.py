"""The action as a job runs it: its own commands, in an empty folder with an adapter file and five lines of workflow."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from convformance.reports import record
from convformance.reports.lines import End, Expectation, Run, Verdict, to_line
from convformance.running import ci

ROOT = Path(__file__).resolve().parents[2]
Settings = dict[str, Any]

ADAPTER = '''
import numpy as np

from convformance.adapters.contract import Adapter, route


class Mine(Adapter):
    """The sum of the output gradient over batch and space; {images} of the batch are summed."""

    name = "mine"

    @route("conv_bias_grad")
    def total(self, problem, dy):
        wide = np.float64 if dy.dtype == np.float64 else np.float32
        return dy[{images}].sum(axis=(0, *range(2, dy.ndim)), dtype=wide).astype(dy.dtype)
'''
RIGHT, WRONG = ADAPTER.replace("{images}", ":"), ADAPTER.replace("{images}", ":1")
EXPECTED = """
[[expected]]
name = "first-image-alone"
adapter = "mine"
reason = "The batch is always one image."
"""


def settings(text: str) -> Settings:
    """Return what a text in the simple part of YAML that our files are written in holds: mappings and lists of them."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    value, rest = _mapping(lines, _indent(lines[0]))
    assert not rest, rest
    return value


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _mapping(lines: list[str], indent: int) -> tuple[Settings, list[str]]:
    value: Settings = {}
    while lines and _indent(lines[0]) == indent and not lines[0].lstrip().startswith("- "):
        key, _, text = lines[0].strip().partition(":")
        lines = lines[1:]
        if text.strip():
            value[key] = _scalar(text.strip())
        elif lines and _indent(lines[0]) > indent and lines[0].lstrip().startswith("- "):
            value[key], lines = _list(lines, _indent(lines[0]))
        elif lines and _indent(lines[0]) > indent:
            value[key], lines = _mapping(lines, _indent(lines[0]))
        else:
            value[key] = ""
    return value, lines


def _list(lines: list[str], indent: int) -> tuple[list[Settings], list[str]]:
    entries: list[Settings] = []
    while lines and _indent(lines[0]) == indent and lines[0].lstrip().startswith("- "):
        first = lines[0].replace("- ", "  ", 1)
        entry, lines = _mapping([first, *lines[1:]], indent + 2)
        entries.append(entry)
    return entries, lines


def _scalar(text: str) -> Any:
    assert text[0] not in "|>[{&*!%@`'", text
    if text.startswith('"'):
        return json.loads(text)
    assert ": " not in text, f"no simple text: {text}"
    assert " #" not in text, f"no simple text: {text}"
    return {"true": True, "false": False}.get(text, text)


def five_lines() -> list[str]:
    """Return the lines that the page shows for a workflow on GitHub."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(- uses: OWNER/convformance@main\n.*?)```", page, re.DOTALL)
    return str(block).splitlines()


@dataclass
class Job:
    """What a job came to: its exit status, what it printed, and where it ran; ``installed`` is what pip was asked."""

    status: int
    printed: str
    folder: Path
    installed: list[list[str]]
    kept: Settings

    @property
    def page(self) -> str:
        """What stands on the page of the run."""
        return (self.folder / "page.md").read_text(encoding="utf-8")

    @property
    def annotations(self) -> list[str]:
        """The errors that the job is annotated with."""
        return [line for line in self.printed.splitlines() if line.startswith("::error ")]


def run_job(folder: Path, adapter: str, expected: str) -> Job:
    """Run the steps of the action in a folder that holds an adapter, the workflow's five lines and what is expected."""
    work, tools = folder / "work", folder / "tools"
    work.mkdir()
    tools.mkdir()
    (work / "my_backend.py").write_text(adapter)
    (work / "conformance.toml").write_text(expected)
    (work / "workflow.yml").write_text("\n".join(five_lines()) + "\n")
    _write_python(tools / "python", folder / "pip.txt")
    (step,), _ = _list((work / "workflow.yml").read_text().splitlines(), 0)
    action = settings((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {name: value.get("default", "") for name, value in action["inputs"].items()} | step["with"]
    status, printed, kept = 0, "", {}
    for each in action["runs"]["steps"]:
        if "run" in each and status == 0:
            done = _shell(each, inputs, folder)
            status, printed = done.returncode, printed + done.stdout
            assert not done.stderr, done.stderr
        elif each.get("if", "").startswith("always()"):
            kept = {name: _filled(value, inputs) for name, value in each["with"].items()}
    asked = [shlex.split(line) for line in (folder / "pip.txt").read_text().splitlines()]
    return Job(status, printed, folder, asked, kept)


def _write_python(path: Path, log: Path) -> None:
    """Write a ``python`` that takes down what pip is asked, and runs all else with the suite of this checkout."""
    path.write_text(
        f"""#!/bin/bash
if [ "$1 $2" = "-m pip" ]; then printf '%q ' "$@" >> {shlex.quote(str(log))}; echo >> {shlex.quote(str(log))}; exit; fi
PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} "$@"
"""
    )
    path.chmod(0o755)


def _shell(step: Settings, inputs: Settings, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub runs one whose shell is bash."""
    assert step["shell"] == "bash"
    assert "${{" not in step["run"], "an input in the text of a command could be a command of its own"
    environment = {
        **os.environ,
        **{name: _filled(value, inputs) for name, value in step["env"].items()},
        "PATH": f"{folder / 'tools'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "page.md"),
    }
    (folder / "step.sh").write_text(step["run"] + "\n")
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(folder / "step.sh")]
    return subprocess.run(
        argv, cwd=folder / "work", env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def _filled(text: str, inputs: Settings) -> str:
    """Return a text with GitHub's expressions replaced: inputs, the folder of the action, and ``||`` between them."""
    values = {f"inputs.{name}": str(value) for name, value in inputs.items()} | {"github.action_path": str(ROOT)}

    def value(match: re.Match[str]) -> str:
        return next(filter(None, (values[name.strip()] for name in match[1].split("||"))), "")

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def test_five_lines_are_enough() -> None:
    assert len(five_lines()) == 5


def test_a_job_with_what_is_expected_is_green(tmp_path: Path) -> None:
    job = run_job(tmp_path, WRONG, EXPECTED)
    assert job.status == 0, job.printed
    assert job.annotations == []
    assert "# convformance: no findings" in job.page
    assert "first-image-alone" in job.page
    assert job.installed == [
        ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", str(ROOT), "numpy"],
    ]
    assert (tmp_path / "work" / job.kept["path"]).stat().st_size > 0, "the report is kept"


def test_a_job_with_a_new_finding_is_red_and_says_what_it_is(tmp_path: Path) -> None:
    job = run_job(tmp_path, WRONG, "[seen]\ncases = []\n")
    assert job.status == 1, job.printed
    (annotation,) = job.annotations
    assert annotation.startswith("::error title=mine%3A wrong batch-not-summed::")
    assert "of them new, in conv_bias_grad; such as conv_bias_grad total" in annotation
    assert "1 finding" not in job.page.splitlines()[0]
    assert "findings" in job.page.splitlines()[0]
    assert (tmp_path / "work" / job.kept["path"]).stat().st_size > 0, "the report is kept of a red job, too"


def test_a_job_with_a_stale_expectation_is_red_and_names_it(tmp_path: Path) -> None:
    job = run_job(tmp_path, RIGHT, EXPECTED)
    assert job.status == 1, job.printed
    (annotation,) = job.annotations
    assert annotation.startswith("::error file=conformance.toml,title=stale expectation first-image-alone::none of the")
    assert "1 stale expectation" in job.page


def test_a_job_whose_file_is_bad_says_so_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"conformance.toml, entry 1 \(first-image-alone\): key 'resaon'"):
        run_job(tmp_path, RIGHT, EXPECTED.replace("reason", "resaon"))
    assert not (tmp_path / "page.md").exists()


def records(folder: Path, *, causes: int, message: str = "got 1, wanted 2", complete: bool = True) -> record.Records:
    """Return records of so many causes, each an error in words of its own, and of one stale expectation."""
    with record.Writer(folder / "run.jsonl") as writer:
        writer.write(to_line(Run(adapter="mine")))
        for number in range(causes):
            word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            fields = {
                "op": "conv",
                "route": "r",
                "case": f"c{number}",
                "dtype": "float32",
                "message": f"{word} {message}",
            }
            writer.write(to_line(Verdict(adapter="mine", grade="error", finding=True, **fields)))
        writer.write(to_line(Expectation(adapter="mine", name="gone", stale=True, message="remove it")))
        writer.write(to_line(End(complete=complete)))
    return record.read([folder / "run.jsonl"])


def test_at_most_ten_annotations_and_the_number_of_the_rest(tmp_path: Path) -> None:
    told = ci.annotations(records(tmp_path, causes=12))
    assert sum(line.startswith("::error ") for line in told) == len(told) - 1 == 10
    assert told[-1].startswith("and 3 more")
    assert len(ci.annotations(records(tmp_path, causes=9))) == 10


def test_a_run_that_did_not_reach_its_end_is_annotated_however_much_it_found(tmp_path: Path) -> None:
    assert ci.annotations(records(tmp_path, causes=12, complete=False))[0] == (
        "::error title=not complete::the run did not reach its end"
    )


def test_no_text_ends_a_command_or_begins_another() -> None:
    hostile = "50% of it\r\n::set-output name=x::y\x1b[31m"
    line = ci.error("a, b: c\n%", hostile, file="x,y:z.toml")
    assert line == (
        "::error file=x%2Cy%3Az.toml,title=a%2C b%3A c%0A%25"
        "::50%25 of it\N{REPLACEMENT CHARACTER}%0A::set-output name=x::y\N{REPLACEMENT CHARACTER}[31m"
    )
    assert len(line.splitlines()) == 1
    assert len(ci.error("t", "x" * 100_000)) < 2000


def test_nothing_is_written_where_github_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records(tmp_path, causes=1)
    (tmp_path / "summary.md").write_text("# the summary\n")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    ci.publish(tmp_path / "run.jsonl", tmp_path / "summary.md")
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    (tmp_path / "page.md").write_text("a step before\n")
    ci.publish(tmp_path / "run.jsonl", tmp_path / "summary.md")
    assert (tmp_path / "page.md").read_text() == "a step before\n# the summary\n\n"
    assert len(capsys.readouterr().out.splitlines()) == 2
