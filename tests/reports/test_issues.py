"""The text of an issue says to a stranger what happens, where and where not, with the script and how it ended."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convformance.cli import main
from convformance.reports import issues, record
from convformance.reports.lines import (
    CaseLine,
    Diagnosis,
    End,
    Known,
    Machine,
    Run,
    Smallest,
    SmallProblem,
    Verdict,
    to_line,
)
from convformance.reports.script_run import ScriptRun

SCRIPT = "# framework 2.0: convolution\nassert [1] == [2]\n"
SMALLEST = Smallest(
    problem=SmallProblem(input_size=(1,), kernel_size=(1,)), words="1 of 1 differ", got=[[[2]]], want=[[[1]]]
)
KNOWN = Known(
    name="sums-in-half",
    reason="Sums are kept in half precision; elsewhere they are not.",
    covers="float16",
    machines="x86-64 with AVX2",
    link="https://example.org/issues/1",
)


def verdict(route: str, case: str, dtype: str = "float32", grade: str = "wrong", **changes: Any) -> Verdict:
    given = {"adapter": "toy", "op": "conv", "finding": grade == "wrong", "message": "wrong in 1 of 1", **changes}
    return Verdict(route=route, case=case, dtype=dtype, grade=grade, **given)


TURNED = {"diagnosis": ("kernel-rotated",), "script": SCRIPT, "smallest": SMALLEST}
VERDICTS = (
    verdict("F.conv", "a", **TURNED, script_run=ScriptRun(fails=True, ending="exit status 1, AssertionError")),
    verdict("F.conv", "a", "float64", grade="conformant"),
    verdict("F.conv", "b", grade="conformant"),
    verdict("by hand", "a", grade="conformant"),
    verdict("by hand", "a", "float64", grade="refused"),
    verdict("F.conv", "a", "float16", grade="low-precision", known="sums-in-half", message="sums kept in float16"),
    verdict("F.conv", "b", "float16", grade="low-precision", known="sums-in-half", message="sums kept in float16"),
    verdict("raw.F.conv", "r", grade="crashed", known="dies", message="the process died of SIGFPE; it said: ``` <b>"),
)
DIAGNOSIS = Diagnosis(
    adapter="toy",
    op="conv",
    route="F.conv",
    name="kernel-rotated",
    explanation="The kernel is turned by 180 degrees.",
    remedy="Do not turn it.",
    explains=1,
    of=1,
    where="stride above 1",
)


def written(path: Path, version: str = "2.0", verdicts: tuple[Verdict, ...] = VERDICTS, **run: Any) -> Path:
    machine = Machine(architecture="x86_64", kind="x86-64 with AVX2", variables={"ONEDNN_MAX_CPU_ISA": "AVX2"})
    stated = {"framework": "framework", "framework_version": version, "python": "3.12.1", "machine": machine, **run}
    cases = (
        CaseLine(id=name, operations=("conv",), dtypes=("float32",), source=source)
        for name, source in (("a", "https://example.org/pull/7"), ("b", ""), ("r", "of our own"))
    )
    writer = record.Writer(path)
    for line in (Run(adapter="toy", known=(KNOWN,), **stated), *cases, *verdicts, DIAGNOSIS, End(complete=True)):
        writer.write(to_line(line))
    writer.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "run.jsonl")


def issue(path: Path, cause: str, *others: Path) -> str:
    records = record.read([path, *others])
    return "\n".join(issues.issue(records, issues.chosen(records, cause)))


def test_causes_are_numbered_findings_first_and_always_alike(path: Path) -> None:
    lines = issues.listing(record.read([path]))
    assert [line.split(": ")[:2] for line in lines] == [
        ["1. toy", "wrong kernel-rotated (1 verdict)"],
        ["2. toy", "sums-in-half (2 verdicts)"],
        ["3. toy", "dies (1 verdict)"],
    ]
    assert lines == issues.listing(record.read([path]))


def test_a_finding_has_all_parts_of_an_issue(path: Path) -> None:
    text = issue(path, "1")
    parts = [
        "# F.conv in float32: The kernel is turned by 180 degrees",
        "## What happens",
        "Seen with framework 2.0: convolution by `F.conv` in float32.",
        "The smallest example gives `[[[2]]]`.",
        "## What should happen",
        "The right result is `[[[1]]]`.",
        "## Reproduction",
        f"```python\n{SCRIPT}```",
        "fails as it says: exit status 1, AssertionError.",
        "## Where it happens, and where not",
        "- Condition: stride above 1.",
        "- The same tests are right in float64.",
        "- The same tests are right by `by hand`.",
        "- The same calls in these types are right in 1 other test.",
        "## Tried",
        "| framework 2.0 | x86-64 with AVX2 ONEDNN_MAX_CPU_ISA=AVX2 | 3.12.1 | 1 | 1 |",
        "## Likely place",
        "Do not turn it.",
        "## Related",
        "- <https://example.org/pull/7>",
    ]
    positions = [text.find(part) for part in parts]
    assert -1 not in positions, parts[positions.index(-1)]
    assert positions == sorted(positions)


@pytest.mark.parametrize("cause", ["2", "sums-in-half", "toy/sums-in-half"])
def test_a_known_divergence_is_had_by_its_number_and_its_name(path: Path, cause: str) -> None:
    text = issue(path, cause)
    assert "# F.conv in float16: Sums are kept in half precision; elsewhere they are not\n" in text
    assert "- Condition: float16.\n- Machines: x86-64 with AVX2.\n" in text
    assert "- Seen in 2 tests as low-precision: right for arithmetic" in text
    assert "There is no script of it" in text
    assert text.rstrip().endswith("- <https://example.org/issues/1>")


def test_a_crash_says_its_last_words_and_nothing_that_a_message_holds_is_markup(path: Path) -> None:
    text = issue(path, "dies")
    assert "# F.conv: " in text
    assert "The call should raise an exception." in text
    assert "The last words of the process: ``` &lt;b>" in text


def test_other_versions_say_whether_it_is_so_there(path: Path, tmp_path: Path) -> None:
    mended = tuple(replace(each, grade="conformant", finding=False, known=None) for each in VERDICTS[:6])
    text = issue(path, "sums-in-half", written(tmp_path / "old.jsonl", "1.9", mended))
    assert "| framework 2.0 | x86-64 with AVX2 ONEDNN_MAX_CPU_ISA=AVX2 | 3.12.1 | 2 | 2 |" in text
    assert "| framework 1.9 | x86-64 with AVX2 ONEDNN_MAX_CPU_ISA=AVX2 | 3.12.1 | 1 | 0 |" in text


def test_a_script_that_did_not_fail_says_so(tmp_path: Path) -> None:
    ran = ScriptRun(fails=False, ending="exit status 0")
    text = issue(written(tmp_path / "r.jsonl", verdicts=(replace(VERDICTS[0], script_run=ran),)), "1")
    assert "Run in a process of its own where this was written: did not fail here: exit status 0." in text
    text = issue(written(tmp_path / "n.jsonl", verdicts=(replace(VERDICTS[0], script_run=None),)), "1")
    assert "Run in a process of its own where this was written: not run." in text


@pytest.mark.parametrize("cause", ["0", "4", "-1", "no-such", "1.5"])
def test_what_is_no_cause_is_an_error_of_usage_that_says_what_is(
    path: Path, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["issue", f"--cause={cause}", str(path)]) == 2
    assert f"--cause {cause} is no cause of this record; allowed: 1 to 3, or the name" in capsys.readouterr().err


def test_a_name_of_two_adapters_is_asked_for_with_its_adapter(tmp_path: Path) -> None:
    both = (*VERDICTS, replace(VERDICTS[5], adapter="other"))
    path = written(tmp_path / "run.jsonl", verdicts=both)
    with pytest.raises(ValueError, match=r"names several; allowed: \w+/sums-in-half, \w+/sums-in-half"):
        issue(path, "sums-in-half")
    assert "toy" in issues.chosen(record.read([path]), "toy/sums-in-half").line


def test_commands_read_the_record_of_the_last_run(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (path.parent / "out").mkdir()
    path.rename(path.parent / "out" / "run.jsonl")
    monkeypatch.chdir(path.parent)
    assert main(["causes"]) == 0
    assert capsys.readouterr().out.startswith("1. toy: wrong kernel-rotated")
    assert main(["issue", "--cause", "1"]) == 0
    assert "## Reproduction" in capsys.readouterr().out
    assert main(["causes", "no-such.jsonl"]) == 2
