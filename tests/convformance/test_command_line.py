"""The command line as its users meet it: in a process of its own, judged by exit status, record and what it prints."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from convformance import scripts
from convformance.options import RunOptions
from convformance.reference.operation import OPERATIONS
from convformance.running.session import session_of
from tests.convformance.interrupts import with_interrupts

ROOT = Path(__file__).resolve().parents[2]
MISBEHAVING = Path(__file__).with_name("misbehaving.py")
Line = dict[str, Any]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "convformance", *words]


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command(*words), cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def adapter(name: str) -> str:
    return f"--adapter={MISBEHAVING}:{name}"


def lines(folder: Path, kind: str = "verdict") -> list[Line]:
    text = (folder / "out" / "run.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, text) if line["kind"] == kind]


def grades(folder: Path) -> Counter[str]:
    return Counter(line["grade"] for line in lines(folder))


def test_an_unknown_adapter_is_one_clear_sentence_and_status_2(tmp_path: Path) -> None:
    done = run(tmp_path, "run", "--adapter", "nosuch")
    assert done.returncode == 2
    assert "nosuch" in done.stderr
    assert "scipy" in done.stderr, "the sentence should list what is allowed"
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_broken_adapter_file_is_one_clear_sentence_and_status_2(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_of_that_name\n")
    done = run(tmp_path, "run", "--adapter", f"{broken}:Adapter")
    assert done.returncode == 2
    assert "nothing_of_that_name" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--op", "convolve"), "conv_filter_grad"),
        (("--dtype", "float31"), "float32"),
        (("--family", "nosuch"), "allowed"),
        (("--shard", "3/2"), "1 <= I <= N"),
        (("--route", "nosuch"), "nothing is asked"),
        (("--tier", "enormous"), "smoke"),
    ],
)
def test_a_wish_that_cannot_be_met_names_what_is_allowed(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run(tmp_path, "run", "--adapter", "scipy", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_right_adapter_is_conformant_throughout(tmp_path: Path) -> None:
    done = run(tmp_path, "run", adapter("Right"), "--tier", "smoke", "-n", "2")
    assert done.returncode == 0, done.stdout
    assert set(grades(tmp_path)) == {"conformant"}
    assert (tmp_path / "out" / "report.html").stat().st_size > 0
    assert "conformant" in (tmp_path / "out" / "summary.md").read_text()
    assert (tmp_path / "out" / "junit.xml").is_file()
    assert lines(tmp_path, "end")[0]["complete"] is True


WRONG = {
    "FlippedKernel": "kernel-rotated",
    "NoBatchSum": "batch-not-summed",
    "SameOnTheWrongSide": "same-lower-for-upper",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_adapter_is_called_wrong_and_its_mistake_is_named(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, "run", adapter(name), "--tier", "smoke", "-n", "1")
    assert done.returncode == 1, done.stdout
    wrong = [line for line in lines(tmp_path) if line["grade"] == "wrong"]
    assert wrong
    assert all(line["worst"] and line["map"] for line in wrong)
    assert sum(bool(line["script"]) for line in wrong) == 1
    assert all(line["grade"] in ("wrong", "conformant", "refused") for line in lines(tmp_path))
    (diagnosis,) = lines(tmp_path, "diagnosis")
    assert (diagnosis["name"], diagnosis["explains"], diagnosis["of"]) == (WRONG[name], len(wrong), len(wrong))
    assert diagnosis["name"] in (tmp_path / "out" / "summary.md").read_text()
    (smallest,) = [line["smallest"] for line in wrong if line["smallest"]]
    assert smallest["got"] != smallest["want"]
    assert f"1 cause in {len(wrong)} findings, the worst first:\n1. wrong: " in done.stdout
    assert done.stdout.count("wrong: ") == 1, "the terminal should have one line of one cause"
    assert f"({WRONG[name]}" in done.stdout
    again = run(tmp_path, "report", "out/run.jsonl", "--output", "again.html")
    assert again.returncode == 1
    assert f"1 cause in {len(wrong)} findings, the worst first:\n1. wrong: " in again.stdout


def test_crashes_are_verdicts_and_the_rest_is_asked(tmp_path: Path) -> None:
    done = run(tmp_path, "run", adapter("Crashing"), "--tier", "smoke", "--dtype", "float64", "-n", "2")
    assert done.returncode == 1, done.stdout
    crashed = [line for line in lines(tmp_path) if line["grade"] == "crashed"]
    dilated = {line["id"] for line in lines(tmp_path, "case") if max(line["dilation"]) > 1}
    assert crashed
    assert {line["case"] for line in crashed} <= dilated
    assert lines(tmp_path, "end")[0]["complete"] is True
    assert f"1 cause in {len(crashed)} findings, the worst first:\n1. crashed: crashing: " in done.stdout


def test_hangs_are_verdicts_and_the_rest_is_asked(tmp_path: Path) -> None:
    words = ("--tier", "smoke", "--dtype", "float64", "--family", "dilation", "--family", "strides", "--timeout", "3")
    done = run(tmp_path, "run", adapter("Hanging"), *words, "-n", "2")
    assert done.returncode == 1, done.stdout
    counted = grades(tmp_path)
    assert counted["timed-out"] > 0
    assert counted["conformant"] > 0
    assert lines(tmp_path, "end")[0]["complete"] is True


def test_a_hang_that_no_signal_ends_is_a_verdict_and_the_rest_is_asked(tmp_path: Path) -> None:
    words = ("--tier", "smoke", "--dtype", "float64", "--family", "dilation", "--family", "strides", "--timeout", "2")
    done = run(tmp_path, "run", adapter("Deaf"), *words, "-n", "2")
    assert done.returncode == 1, done.stdout
    dilated = {line["id"] for line in lines(tmp_path, "case") if max(line["dilation"]) > 1}
    for line in lines(tmp_path):
        assert (line["grade"] == "timed-out") == (line["case"] in dilated), line["message"]
    assert lines(tmp_path, "end")[0]["complete"] is True


def test_what_a_framework_prints_changes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "run", adapter("Talking"), "--tier", "smoke", "--family", "strides", "-n", "1")
    assert done.returncode == 1, done.stdout
    assert set(grades(tmp_path)) <= {"wrong", "conformant", "refused"}
    (smallest,) = [line["smallest"] for line in lines(tmp_path) if line["smallest"]]
    assert smallest["got"] != smallest["want"]


def test_the_smallest_case_is_sought_outside_any_questions_time(tmp_path: Path) -> None:
    words = ("--tier", "smoke", "--family", "strides", "--timeout", "5", "-n", "1")
    done = run(tmp_path, "run", adapter("SlowToBeMadeAgain"), *words)
    assert done.returncode == 1, done.stdout
    assert grades(tmp_path)["timed-out"] == 0
    assert [line["smallest"] for line in lines(tmp_path) if line["smallest"]]


def test_a_fault_of_the_suite_is_told_with_its_trace_and_is_no_verdict(tmp_path: Path) -> None:
    done = run(tmp_path, "run", adapter("Saboteur"), "--tier", "smoke", "--family", "strides", "-n", "1")
    assert done.returncode == 3, done.stdout
    assert set(grades(tmp_path)) <= {"conformant"}, (
        "what was judged before it broke is kept, and nothing else is judged"
    )
    assert lines(tmp_path, "end")[0]["complete"] is False
    assert "the suite itself broke" in done.stdout
    assert "RuntimeError: the judge broke" in done.stdout
    assert "_broken" in done.stdout, "the trace should show where"


def test_options_that_say_nothing_ask_the_standard_tier_of_every_adapter() -> None:
    session = session_of(RunOptions())
    assert session.options.tier == "standard"
    assert len({question.operation for question in session.questions}) == len(OPERATIONS)
    assert session.unanswered == len(session.questions)


def test_exceptions_are_errors_refusals_are_not_findings_and_their_words_stay_text(tmp_path: Path) -> None:
    done = run(tmp_path, "run", adapter("Raising"), "--tier", "smoke", "--dtype", "float64", "-n", "1")
    assert done.returncode == 1, done.stdout
    by_grade = {line["grade"]: line for line in lines(tmp_path)}
    assert by_grade["error"]["finding"] is True
    assert "KeyError" in by_grade["error"]["message"]
    assert "1. error: raising: An exception in place of an answer (KeyError: " in done.stdout
    assert by_grade["refused"]["finding"] is False
    assert by_grade["refused"]["message"] == "no groups here"
    assert "<script>alert(" not in (tmp_path / "out" / "report.html").read_text()


def test_a_known_divergence_is_no_finding_and_a_stale_one_is(tmp_path: Path) -> None:
    known = run(tmp_path, "run", adapter("Known"), "--tier", "smoke", "--family", "strides", "-n", "1")
    assert known.returncode == 0, known.stdout
    assert "known already: 1 cause in " in known.stdout
    assert all(line["known"] == "flipped-kernel" for line in lines(tmp_path) if line["grade"] == "wrong")
    part = run(tmp_path, "run", adapter("Stale"), "--family", "strides", "-n", "1")
    assert part.returncode == 0, "a run that asks only a part cannot tell that a divergence is gone"
    stale = run(tmp_path, "run", adapter("Stale"), "--tier", "standard", "-n", "2")
    assert stale.returncode == 1, stale.stdout
    assert "no longer diverges" in stale.stdout


SLOWLY = ("run", adapter("Slow"), "--tier", "smoke", "-n", "1")


def _signalled(folder: Path, number: signal.Signals) -> int:
    """Return the exit status of a slow run that is sent a signal, with all its processes, after five verdicts."""
    record = folder / "out" / "run.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WAITING_FOR": str(folder / "nobody")}
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = with_interrupts(command(*SLOWLY), "SIG_DFL")
    running = subprocess.Popen(words, cwd=folder, env=environment, start_new_session=True, **nowhere)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (record.is_file() and record.read_text().count('"verdict"') >= 5):
        time.sleep(0.05)
    os.killpg(running.pid, number)
    return running.wait()


def test_an_interrupted_run_reports_what_was_judged(tmp_path: Path) -> None:
    assert _signalled(tmp_path, signal.SIGINT) == 3
    assert len(lines(tmp_path)) >= 5
    assert lines(tmp_path, "end")[0]["complete"] is False
    assert "not complete" in (tmp_path / "out" / "report.html").read_text()


def test_an_interrupt_while_evidence_is_sought_leaves_a_complete_record(tmp_path: Path) -> None:
    sought, errors = tmp_path / "sought", tmp_path / "errors"
    words = command("run", adapter("SoughtForEver"), "--tier", "smoke", "--family", "strides", "-n", "1")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOUGHT": str(sought)}
    with errors.open("w") as said:
        running = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and not sought.is_file() and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=300) == 1
    assert "Traceback" not in errors.read_text()
    assert lines(tmp_path, "end")[0]["complete"] is True
    assert (tmp_path / "out" / "report.html").is_file()


def test_kill_9_loses_no_verdict_and_resume_finishes(tmp_path: Path) -> None:
    record, words = tmp_path / "out" / "run.jsonl", SLOWLY
    _signalled(tmp_path, signal.SIGKILL)
    held = [line for line in record.read_text().splitlines() if '"verdict"' in line]
    assert len(held) >= 5

    done = run(tmp_path, *words, "--resume")
    assert done.returncode == 0, done.stdout
    after = record.read_text().splitlines()
    assert [line for line in after if '"verdict"' in line][: len(held) - 1] == held[:-1]
    asked = [json.dumps([line[name] for name in ("op", "route", "case", "dtype")]) for line in lines(tmp_path)]
    assert len(asked) == len(set(asked)) == lines(tmp_path, "run")[0]["asked"]
    assert lines(tmp_path, "end")[-1]["complete"] is True


def test_a_finished_run_resumed_asks_nothing_and_keeps_its_status(tmp_path: Path) -> None:
    words = ("run", adapter("FlippedKernel"), "--tier", "smoke", "--family", "strides", "-n", "1")
    first = run(tmp_path, *words)
    count = len(lines(tmp_path))
    again = run(tmp_path, *words, "--resume")
    assert (first.returncode, again.returncode) == (1, 1)
    assert len(lines(tmp_path)) == count


def test_shards_together_ask_everything_once(tmp_path: Path) -> None:
    keys = []
    for shard in ("1/2", "2/2"):
        run(tmp_path, "run", adapter("Right"), "--tier", "smoke", "--family", "strides", "--shard", shard, "-n", "1")
        keys += [(line["case"], line["dtype"]) for line in lines(tmp_path)]
    run(tmp_path, "run", adapter("Right"), "--tier", "smoke", "--family", "strides", "-n", "1")
    assert sorted(keys) == sorted((line["case"], line["dtype"]) for line in lines(tmp_path))


def test_plain_pytest_asks_as_well(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "pytest",
        str(ROOT / "test_cases"),
        adapter("FlippedKernel"),
        "--tier=smoke",
        "--family=strides",
        "-q",
    ]
    done = subprocess.run(
        [*words, "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "wrong" in done.stdout
    assert "got" in done.stdout, "a failure should show got and wanted"


def test_the_listings_say_what_is_here_and_what_is_asked(tmp_path: Path) -> None:
    adapters = run(tmp_path, "adapters", "--routes")
    assert adapters.returncode == 0
    assert "scipy" in adapters.stdout
    assert "conv_filter_grad" in adapters.stdout
    cases = run(tmp_path, "cases", "--tier", "smoke")
    assert cases.returncode == 0
    assert "cases," in cases.stdout.splitlines()[-1]


def test_any_verdict_can_be_had_as_a_script(tmp_path: Path) -> None:
    case = run(tmp_path, "cases", "--tier", "smoke", "--family", "strides").stdout.split()[0]
    words = ("--op", "conv", "--route", "direct", "--case", case, "--dtype", "float32")
    done = run(tmp_path, "reproduce", adapter("FlippedKernel"), *words)
    assert done.returncode == 0, done.stderr
    assert scripts.run(done.stdout, timeout=60).diverges, done.stdout
    assert "# Checked by running it: exit status 1, AssertionError" in done.stdout


def test_a_report_of_what_is_no_record_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a record\n")
    done = run(tmp_path, "report", "notes.txt")
    assert done.returncode == 2
    assert "notes.txt" in done.stderr
