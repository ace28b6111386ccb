"""A program is asked as any adapter is, and whatever it does instead of answering is a verdict."""

import re
from pathlib import Path

import pytest

from convformance.reports.lines import Verdict
from convformance.reports.record import Records
from tests.exchange.asking import FEW, convformance, records_of, spec_of

# What a harness does where there are groups: the grade, and what the verdict says of it.
FAULTS = {
    "dies": ("crashed", "the process died of SIGABRT; last on standard error:", "assertion failed: groups"),
    "half": ("crashed", "the process ended with status 0", "bytes into its answer"),
    "garbage": ("error", "a line of JSON was due, and this came:", "no json"),
    "chatter-on-stdout": ("error", "a line of JSON was due, and this came: 'using 16 threads'", ""),
    "twice": ("error", "", "asked"),
    "other-question": ("error", "was asked, and the answer says", ""),
    "wrong-length": ("error", "bytes is 3; allowed:", ""),
    "no-length": ("error", "tensor says dtype, shape and bytes", ""),
    "floods": ("error", "", ""),
    "fails": ("error", "out of tiles", ""),
    "refuses": ("refused", "no groups here", ""),
    "flips": ("wrong", "", ""),
    "shape": ("wrong", "shape", ""),
    "chatter-on-stderr": ("conformant", "", ""),
}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """What a run of all faults is recorded as."""
    folder = tmp_path_factory.mktemp("faults")
    return records_of(folder, *FEW, faults=["flips", *(f"{fault}-in-groups" for fault in FAULTS)])


def verdicts(records: Records, fault: str) -> list[Verdict]:
    return [verdict for verdict in records.verdicts.values() if verdict.adapter == f"harness-{fault}"]


def test_the_whole_smoke_tier_is_answered(tmp_path: Path) -> None:
    records = records_of(tmp_path, "--tier", "smoke")
    assert records.complete
    assert {verdict.grade for verdict in records.verdicts.values()} == {"conformant"}
    (run,) = records.runs.values()
    assert (run.run.adapter, run.run.framework_version, run.run.device) == ("harness", "1.0", "cpu")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_verdict_and_the_next_question_is_answered(fault: str, records: Records) -> None:
    grade, *parts = FAULTS[fault]
    of_fault = verdicts(records, f"{fault}-in-groups")
    grouped = [verdict for verdict in of_fault if "-g" in verdict.case]
    assert grouped
    assert {verdict.grade for verdict in grouped} == {grade}
    assert all(part in verdict.message for part in parts for verdict in grouped), grouped
    # A second answer that comes late is noticed with the next question only.
    others = {verdict.grade for verdict in of_fault if verdict not in grouped}
    assert others <= ({"conformant", "error"} if fault == "twice" else {"conformant"})
    assert others


@pytest.mark.parametrize(
    ("fault", "said"),
    {
        "hangs": "",
        "half-and-hangs": r"; of the ([\d,]+) bytes that its header announced ([\d,]+) came",
    }.items(),
)
def test_a_program_that_hangs_costs_a_question_each_time(fault: str, said: str, tmp_path: Path) -> None:
    few = (*FEW[:-2], "--case", "7x6-k3x2")
    hung = records_of(tmp_path, *few, faults=[f"{fault}-in-groups"], seconds=5).verdicts.values()
    messages = {verdict.message for verdict in hung if verdict.grade == "timed-out"}
    assert messages
    for message in messages:
        match = re.fullmatch(f'no answer within 5 s{said}; last on standard error: "(waiting|writing) .*"', message)
        assert match, message
        announced, came = [int(each.replace(",", "")) for each in match.groups()[:-1]] or [0, 0]
        assert came == announced // 2


def test_a_finding_has_a_script_that_needs_nothing_of_the_suite(records: Records) -> None:
    shown = [verdict for verdict in verdicts(records, "flips") if verdict.script]
    scripts = [verdict.script or "" for verdict in shown]
    assert scripts
    assert all("subprocess.run" in script and "import convformance" not in script for script in scripts)
    assert {verdict.script_run and verdict.script_run.text for verdict in shown} == {
        "fails as it says: exit status 1, AssertionError"
    }


@pytest.mark.parametrize(
    ("fault", "sentence"),
    {
        "never-starts": "no licence",
        "banner": "this came: 'Welcome to my convolution!'",
        "old": "version is 0; allowed: 1",
        "nameless": 'name is "my conv!"; allowed:',
    }.items(),
)
def test_a_program_that_does_not_introduce_itself_cannot_be_asked(fault: str, sentence: str, tmp_path: Path) -> None:
    done = convformance("run", "--adapter", spec_of(fault), cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "convformance smoke" in done.stderr


def test_a_program_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = convformance("run", "--adapter", "exec:./no_such_program", cwd=tmp_path)
    assert done.returncode == 2
    assert "./no_such_program cannot be started: No such file or directory" in done.stderr
