"""Raw arguments: refused or right is fine, anything else a finding with a script, and nothing harms the run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from convformance import scripts
from convformance.adapters import discovery
from convformance.adapters.raw import ARGUMENTS, Raw, RawCall, raw_route, truth
from convformance.judging.grades import ACCEPTED, CONFORMANT, CRASHED, REFUSED, TIMED_OUT
from convformance.reports import record
from convformance.reports.arguments import argument_rows
from convformance.running.questions import Question, Scope
from convformance.running.raw import RawAsker
from convformance.test_cases.case import Case
from convformance.test_cases.families import refusals

TOY = f"{Path(__file__).with_name('raw_toys.py')}:Arguments"
SELECTION = discovery.load(TOY)


def case_of(asked: str) -> Case:
    """Return the case in two dimensions that asks a convolution for this."""
    return next(
        each
        for each in refusals.CASES
        if each.raw and each.raw.asked == asked and len(each.input_size) == 2 and "conv" in each.operations
    )


def question(route: str, asked: str) -> Question:
    return Question(SELECTION.label, SELECTION.route("conv", f"raw.{route}"), case_of(asked), "float32")


@pytest.fixture(scope="module")
def asker() -> RawAsker:
    return RawAsker({SELECTION.label: TOY})


@pytest.mark.parametrize(
    ("route", "asked", "grade", "says"),
    [
        ("reference", "stride 0", REFUSED, "stride=(0, 0)"),
        ("reference", "groups 3 of 4 channels", REFUSED, "groups=3"),
        ("reference", "padding -1", CONFORMANT, ""),
        ("reference", "stride 2^31", CONFORMANT, ""),
        ("zeros", "stride 0", ACCEPTED, "a result of shape (2, 6, 3, 5), where the arguments have no meaning"),
        ("zeros", "padding -1", ACCEPTED, "in place of (2, 6, 1, 3)"),
        ("zeros", "stride 2^31", ACCEPTED, "in place of (2, 6, 1, 1)"),
        ("dies", "stride 0", CRASHED, "SIGABRT; it said: the last thing"),
        ("hangs", "groups 0", TIMED_OUT, "no answer"),
        ("large", "groups 0", REFUSED, "Unable to allocate"),
    ],
)
def test_each_way_to_take_raw_arguments_has_its_grade(
    asker: RawAsker, route: str, asked: str, grade: str, says: str
) -> None:
    given, message, _ = asker.ask(question(route, asked))
    assert (given, says in message) == (grade, True), message


@pytest.mark.parametrize(
    ("route", "asked", "answered", "diverges"),
    [
        ("zeros", "stride 0", True, True),
        ("zeros", "padding -1", True, True),
        ("dies", "stride 0", False, True),
        ("reference", "stride 0", True, False),
        ("reference", "padding -1", True, False),
    ],
)
def test_a_script_ends_as_it_says_and_well_once_the_arguments_are_refused_or_answered_rightly(
    route: str, asked: str, answered: bool, diverges: bool
) -> None:
    asking = question(route, asked)
    adapter = SELECTION.create()
    text = scripts.raw_script(adapter, asking.route, asking.case, dtype="float32", message="as seen", answered=answered)
    ran = scripts.run(text, timeout=60)
    assert ran.diverges == diverges, text
    assert diverges or ran.status == 0, text
    assert max(map(len, text.splitlines())) <= 100


def test_only_what_declares_raw_routes_is_asked_and_only_in_its_default_mode() -> None:
    scope = Scope(refusals.CASES)
    assert scope.questions([discovery.load("tests/convformance/toys.py:Pointwise")]) == []
    assert scope.questions([discovery.load(f"{TOY}[mode=other]")]) == []
    asked = scope.questions([SELECTION])
    assert {each.case.raw.argument for each in asked if each.case.raw} == {"stride", "padding", "groups"}
    assert all(each.route.name.startswith("raw.") for each in asked)


def test_an_argument_that_does_not_exist_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="allowed: stride"):
        raw_route("conv", "some", arguments=("strides",))


def test_every_argument_is_asked_and_every_change_is_one_that_a_call_has() -> None:
    assert {case.raw.argument for case in refusals.CASES if case.raw} == set(ARGUMENTS)
    shapes = {"input", "filter", "output", "bias", "dtypes"}
    for case in refusals.CASES:
        assert case.raw is not None
        assert case.raw.changes
        for operation in case.operations:
            call = RawCall.of(case.problem, operation, "float32", case.raw)
            assert all(name in shapes or getattr(call, name) == value for name, value in case.raw.changes), case.id


def test_the_truth_of_a_filter_without_taps_is_a_zero_for_each_position() -> None:
    raw = Raw("shapes", "no taps", (("filter", (6, 4, 0, 2)),), means=True)
    want = truth(case_of("stride 0").problem, "conv", raw)
    assert want.shape == (2, 6, 6, 5)
    assert not want.any()


def run(tmp_path: Path, *arguments: str) -> tuple[int, record.Records]:
    command = [sys.executable, "-m", "convformance", "run", "--adapter", TOY, "--family", "refusals", *arguments]
    done = subprocess.run(
        [*command, "--out", str(tmp_path), "-n", "0", "-q"], capture_output=True, text=True, check=False
    )
    assert (tmp_path / "run.jsonl").is_file(), done.stderr
    return done.returncode, record.read([tmp_path / "run.jsonl"])


def test_a_run_has_verdicts_known_divergences_scripts_and_the_table_of_arguments(tmp_path: Path) -> None:
    status, records = run(tmp_path, "--case", "5x6-k3x2-stride_0", "--case", "5x6-k3x2-padding_m1")
    assert status == 1
    assert records.complete
    grades = {
        (verdict.route, verdict.case.removeprefix("refusals-n2c4o6-5x6-k3x2-")): verdict
        for verdict in records.verdicts.values()
    }
    assert grades["raw.zeros", "stride_0"].finding
    assert "raise AssertionError" in (grades["raw.zeros", "stride_0"].script or "")
    assert grades["raw.dies", "stride_0"].finding
    assert "os.abort()" in (grades["raw.dies", "stride_0"].script or "")
    assert grades["raw.zeros", "padding_m1"].known == "crops-to-zeros"
    assert not grades["raw.reference", "padding_m1"].finding
    counts = {row.argument: dict(row.counts) for row in argument_rows(records)}
    assert counts["padding"] == {"conformant": 1, "accepted": 1}
    assert counts["stride"]["crashed"] == 2
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "silently accepted" in summary
    assert "silently accepted" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "stride 0 is accepted" in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_a_file_of_expectations_may_list_what_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "expected.toml"
    entry = {"name": "zeros", "reason": "a toy", "route": "raw.zeros", "grades": "accepted"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    file.write_text("\n".join(["[[expected]]", *lines]), encoding="utf-8")
    status, records = run(tmp_path, "--case", "5x6-k3x2-stride_0", "--route", "raw.zeros", "--expected", str(file))
    assert status == 0
    assert {verdict.expected for verdict in records.verdicts.values()} == {"zeros"}
