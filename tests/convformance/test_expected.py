"""Expectations of the user's own: what a file may say, what it makes of verdicts, and how it is updated."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import UsageError
from convformance.adapters.discovery import Selection
from convformance.processes.machine import Machine
from convformance.reports import badge, markdown, model, outcomes, record
from convformance.reports.html import page
from convformance.reports.lines import Diagnosis, End, Expectation, Line, Run, Verdict, to_line
from convformance.running import expected, updating
from convformance.running.questions import Question, question_of
from convformance.running.runner import VerdictRunner
from tests.convformance.test_command_line import MISBEHAVING, ROOT, adapter, lines, run
from tests.processes.computers import AVX2, AVX512, LIMITED

CASE, OTHER = "strides-n2c4o6-9x8-k3x2-s2x1", "ranks-n3c4o6-11-k3"
FILE = Path("conformance.toml")
STRIDES = ("--tier", "smoke", "--family", "strides", "-n", "1")


def entry(**values: object) -> str:
    """Return an entry as TOML; a value is written as JSON, which TOML reads as the same."""
    table = {"name": "flip", "reason": "looked at"} | values
    return "\n".join(["[[expected]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""])


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Machine], None]]:
    """What puts the expectations on another machine."""

    def move(machine: Machine) -> None:
        monkeypatch.setattr(expected, "this_machine", lambda: machine)
        expected._on_machine.cache_clear()

    yield move
    expected._on_machine.cache_clear()


def read(text: str) -> expected.Expectations:
    return expected.parse(text, FILE)


def flipped() -> Selection:
    return discovery.load(f"{MISBEHAVING}:FlippedKernel")


def question(selection: Selection, case: str = CASE, dtype: str = "float32") -> Question:
    return question_of(selection, "conv", "direct", case, dtype)


def wrong(text: str, case: str = CASE, dtype: str = "float32") -> Verdict:
    """Return the verdict on an answer of the wrong adapter, with what a file expects."""
    selection = flipped()
    runner = VerdictRunner([selection], expectations=read(text))
    return runner.without_answer(question(selection, case, dtype), "wrong", "it is flipped")


BAD = {
    "expected = 3": "expected is no list of tables; allowed: [[expected]]",
    "[[expects]]": "key 'expects' is unknown; allowed: expected, seen",
    "[[expected]]\nname = ": "is no TOML",
    entry(reson="x"): "entry 1 (flip): key 'reson' is unknown; allowed: name, adapter",
    entry(reason=""): "entry 1 (flip): reason is missing",
    '[[expected]]\nreason = "x"': "entry 1: name is missing",
    entry() + entry(): "two entries have the name 'flip'",
    entry(grades="bad"): "grades 'bad' is unknown; allowed: low-precision, componentwise",
    entry(grades=["wrong", "refused"]): "grades 'refused' is unknown",
    entry(operation="conf*"): "operation 'conf*' is unknown; allowed: conv,",
    entry(dtype=["float32", "float31"]): "dtype 'float31' is unknown; allowed: float64",
    entry(route=7): "route is no text and no list of texts",
    entry(case=[]): "case is an empty list",
    entry(link=["a"]): "link is no text",
    entry(
        machines="haswell"
    ): "machines 'haswell' is unknown; allowed: an instruction set such as 'avx512f', or NAME=value",
    entry(machines=["avx2", "!aes"]): "machines '!aes' is unknown",
    entry(versions="about 2"): "versions 'about 2' is no specifier; allowed: such as",
    "seen = []": "seen is no table; allowed: [seen] with cases",
    "[seen]\nids = []": "[seen]: key 'ids' is unknown; allowed: cases",
    "[seen]\ncases = [1]": "cases is no text and no list of texts",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_one_sentence_that_names_file_entry_and_key(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert BAD[text] in str(caught.value)
    assert str(caught.value).startswith("conformance.toml")
    assert "\n" not in str(caught.value)


def test_a_bad_file_and_a_missing_one_end_a_run_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(entry(reson="x"))
    for name, said in {"bad.toml": "'reson'", "none.toml": "No such file"}.items():
        done = run(tmp_path, "run", adapter("Right"), "--expected", name, *STRIDES)
        assert done.returncode == 2, done.stdout
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


MATCHES = [
    ({}, True),
    ({"adapter": "flip*", "operation": "conv", "route": ["other", "direct"], "case": "strides-*"}, True),
    ({"dtype": "float??", "case": CASE}, True),
    ({"adapter": "torch"}, False),
    ({"operation": "conv_*"}, False),
    ({"route": "other"}, False),
    ({"case": "ranks-*"}, False),
    ({"dtype": ["float64", "bfloat16"]}, False),
    ({"grades": ["error", "crashed"]}, False),
    ({"grades": "wrong"}, True),
]


@pytest.mark.parametrize(("values", "holds"), MATCHES)
def test_an_entry_speaks_of_what_all_its_patterns_match(values: dict[str, object], holds: bool) -> None:
    verdict = wrong(entry(**values))
    assert (verdict.expected, verdict.finding) == (("flip", False) if holds else (None, True))


def test_a_label_with_a_mode_is_itself_though_a_pattern_reads_its_brackets_otherwise() -> None:
    selection = discovery.load(f"{MISBEHAVING.with_name('toys.py')}:Hostile[mood=worse]")
    posed = question_of(selection, "conv", "zeros", CASE, "float32")
    for pattern, holds in {
        "hostile[mood=worse]": True,
        "hostile*": True,
        "hostile": False,
        "hostile[m]": False,
    }.items():
        (only,) = read(entry(adapter=pattern)).entries
        assert only.covers(posed, selection) is holds, pattern


@pytest.mark.parametrize(
    ("versions", "version", "holds"),
    [
        ("", "unknown", True),
        (">=2.1,<3", "2.5.1+cpu", True),
        (">=2.1,<3", "3.0", False),
        (">=2.1", "2.2rc1", True),
        (">=2.1", "unknown", False),
    ],
)
def test_versions_are_those_of_the_framework(
    monkeypatch: pytest.MonkeyPatch, versions: str, version: str, holds: bool
) -> None:
    selection = flipped()
    monkeypatch.setattr(selection.adapter_class, "version", classmethod(lambda cls: version))
    (only,) = read(entry(versions=versions)).entries
    assert only.covers(question(selection), selection) is holds


@pytest.mark.parametrize(
    ("machines", "holds"),
    [
        ([], True),
        ("avx2", True),
        (["avx2", "!avx512f", "SOME_ISA=AVX2"], True),
        (["avx2", "avx512f"], False),
        ("!avx2", False),
        ("SOME_ISA=AVX", False),
    ],
)
def test_machines_are_what_the_machine_must_have_and_must_not(
    on: Callable[[Machine], None], monkeypatch: pytest.MonkeyPatch, machines: object, holds: bool
) -> None:
    monkeypatch.setenv("SOME_ISA", "AVX2")
    on(AVX2)
    assert (wrong(entry(machines=machines)).expected == "flip") is holds


def test_a_machine_is_without_what_its_libraries_are_kept_from(on: Callable[[Machine], None]) -> None:
    for machine, holds in {AVX512: False, LIMITED: True, AVX2: True}.items():
        on(machine)
        assert (wrong(entry(machines=["avx2", "!avx512f"])).expected == "flip") is holds, machine.phrase


def test_a_finding_is_new_only_on_a_case_that_the_file_has_not_seen() -> None:
    seen = f'[seen]\ncases = ["{CASE}"]\n'
    assert [wrong(seen, CASE).new, wrong(seen, OTHER).new] == [False, True]
    assert wrong(seen, OTHER).finding, "what is new counts"
    assert not wrong("", OTHER).new, "a file that does not say what it has seen calls nothing new"
    assert not wrong(entry() + seen, OTHER).new, "what is expected is no finding"


def came_to(text: str, verdicts: Iterable[Verdict | None], *, unfiltered: bool = True) -> Expectation | None:
    (only,) = read(text).entries
    posed = question(flipped())
    return expected.expectation_line(only, [(posed, verdict) for verdict in verdicts], unfiltered=unfiltered)


def test_an_entry_is_stale_when_all_it_covers_was_asked_and_nothing_fails_as_it_says() -> None:
    text = entry(grades="wrong")
    failing, right = wrong(text), Verdict.without_answer(wrong(text).key, "conformant", "")
    stale = came_to(text, [right, right])
    assert stale is not None
    assert stale.stale
    assert "flip" in stale.message
    assert (stale.matched, stale.diverged) == (2, 0)
    for verdicts, unfiltered in (([right, failing], True), ([right], False), ([right, None], True)):
        line = came_to(text, verdicts, unfiltered=unfiltered)
        assert line is not None
        assert not line.stale
    assert came_to(text, [None]) is None, "nothing that it covers was asked"


def test_an_entry_behind_another_one_or_behind_a_known_divergence_is_not_stale() -> None:
    covered = wrong(entry(name="first"))
    line = came_to(entry(name="second"), [covered])
    assert line is not None
    assert (line.diverged, line.stale) == (1, False)


def test_listed_is_green_unlisted_red_and_every_format_says_so(tmp_path: Path) -> None:
    text = entry(dtype=["float64", "float32"], link="https://example.org/1") + f'[seen]\ncases = ["{OTHER}"]\n'
    (tmp_path / "own.toml").write_text(text)
    listed = run(tmp_path, "run", adapter("FlippedKernel"), "--expected", "own.toml", "--dtype", "float32", *STRIDES)
    assert listed.returncode == 0, listed.stdout
    assert {line["expected"] for line in lines(tmp_path) if line["grade"] == "wrong"} == {"flip"}
    (line,) = lines(tmp_path, "expectation")
    assert (line["name"], line["reason"], line["stale"]) == ("flip", "looked at", False)
    assert line["diverged"] > 0
    assert "expected" in listed.stdout
    both = run(tmp_path, "run", adapter("FlippedKernel"), "--expected", "own.toml", *STRIDES)
    assert both.returncode == 1, both.stdout
    assert {line["dtype"] for line in lines(tmp_path) if line["finding"]} == {"float16", "bfloat16"}
    assert "of them new" in both.stdout
    assert "regressions, on others: 0" in both.stdout
    assert "of them new" in (tmp_path / "out" / "summary.md").read_text()
    assert "## Expectations" in (tmp_path / "out" / "summary.md").read_text()
    assert "has never seen" in (tmp_path / "out" / "report.html").read_text()


def test_pytest_calls_an_expected_finding_an_xfail_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(entry(reason="the kernel is rotated on purpose"))
    words = [str(ROOT / "test_cases"), adapter("FlippedKernel"), "--tier=smoke", "--family=strides", "-q", "-rx"]
    argv = [sys.executable, "-m", "pytest", *words, "-p", "no:cacheprovider", "--expected=own.toml"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "xfailed" in done.stdout
    assert "flip: the kernel is rotated on purpose" in done.stdout


def test_a_stale_entry_is_red_by_name_and_an_update_removes_it_alone(tmp_path: Path) -> None:
    kept = "# about the other machine\n" + entry(name="elsewhere", adapter="nobody")
    gone = "# it was wrong\n" + entry(name="mended", operation="conv_bias_grad")
    (tmp_path / "own.toml").write_text(f"# ours\n\n{gone}\n{kept}")
    words = (adapter("BiasAlone"), "--expected", "own.toml", "-n", "1")
    part = run(tmp_path, "run", *words, "--dtype", "float32")
    assert part.returncode == 0, "a run that asks only a part cannot tell that an entry is stale"
    stale = run(tmp_path, "run", *words)
    assert stale.returncode == 1, stale.stdout
    assert "stale: bias-alone: none of the" in stale.stdout
    assert "expectation mended" in stale.stdout
    assert "1 stale expectation" in (tmp_path / "out" / "summary.md").read_text()
    updated = run(tmp_path, "run", *words, "--update-expected")
    assert updated.returncode == 0, updated.stdout
    assert "0 expectations added, 1 removed" in updated.stdout
    text = (tmp_path / "own.toml").read_text()
    assert text.startswith("# ours\n\n" + kept + "\n[seen]\n")
    again = run(tmp_path, "run", *words)
    assert again.returncode == 0, again.stdout


def test_an_update_expects_what_was_found_and_the_next_run_is_green(tmp_path: Path) -> None:
    words = ("run", adapter("Raising"), "--tier", "smoke", "--dtype", "float64", "-n", "1")
    written = run(tmp_path, *words, "--update-expected")
    assert written.returncode == 0, written.stdout
    (only,) = tomllib.loads((tmp_path / FILE).read_text())["expected"]
    assert (only["adapter"], only["grades"], only["reason"]) == ("raising", "error", updating.REASON)
    assert only["name"].startswith("raising-error-keyerror")
    before = (tmp_path / FILE).read_bytes()
    green = run(tmp_path, *words, "--expected", str(FILE))
    assert green.returncode == 0, green.stdout
    again = run(tmp_path, *words, "--update-expected")
    assert again.returncode == 0, again.stdout
    assert (tmp_path / FILE).read_bytes() == before


def recorded(folder: Path, *content: Line, name: str = "run.jsonl", complete: bool = True) -> Path:
    """Return a record of one adapter with some lines."""
    with record.Writer(folder / name) as writer:
        for line in (Run(adapter="mine", tier="standard"), *content, End(complete=complete)):
            writer.write(to_line(line))
    return folder / name


def finding(case: str, diagnosis: str = "", **values: Any) -> Verdict:
    fields = {"op": "conv", "route": "direct", "dtype": "float32", "grade": "wrong", "adapter": "mine"} | values
    return Verdict(case=case, finding=True, diagnosis=(diagnosis,) if diagnosis else (), **fields)


def updated(folder: Path, text: str, *content: Line) -> str:
    """Return the text of a file that the findings in a record were added to."""
    path = folder / FILE
    path.write_bytes(text.encode())
    updating.update(path, record.read([recorded(folder, *content)]))
    return path.read_bytes().decode()


def names(text: str) -> list[str]:
    return [table["name"] for table in tomllib.loads(text)["expected"]]


def test_an_entry_for_each_cause_as_narrow_as_a_few_lines_can_be(tmp_path: Path) -> None:
    rotated = [
        finding(f"case-{number}", "rotated", dtype=dtype) for number in (2, 1) for dtype in ("float16", "float64")
    ]
    errors = [finding(f"many-{number}", grade="error", message=f"KeyError: {number}") for number in range(30)]
    narrow = finding("case-1", grade="low-precision", accumulator="bfloat16", op="conv_bias_grad", route="sum")
    tables = tomllib.loads(updated(tmp_path, "", *rotated, *errors, narrow))["expected"]
    assert [table["name"] for table in tables] == [
        "mine-error-keyerror",
        "mine-low-precision-low-precision-accumulation-bfloat16",
        "mine-wrong-rotated",
    ]
    assert tables[0]["case"] == "*"
    assert tables[1]["operation"] == "conv_bias_grad"
    assert tables[2] == {
        "name": "mine-wrong-rotated",
        "adapter": "mine",
        "operation": "conv",
        "route": "direct",
        "case": ["case-1", "case-2"],
        "dtype": ["float64", "float16"],
        "grades": "wrong",
        "reason": "not looked at yet",
    }


def test_a_route_counts_by_its_leading_diagnosis(tmp_path: Path) -> None:
    leading = Diagnosis(adapter="mine", op="conv", route="direct", name="rotated", explains=2, of=2)
    both = [finding("a", "shifted"), finding("b", "rotated")]
    assert names(updated(tmp_path, "", *both, leading)) == ["mine-wrong-rotated", "mine-wrong-shifted"]


BEFORE = """# The file's own words.

# Ours since the first release.
[[expected]] # on purpose
name = "a"   # short
reason = \"\"\"
Two lines, the second of which
[[looks]] like a table
# and like a comment\"\"\"

[[expected]]
name = "n"
reason = "numbers"
case = [
  "x", # a comment within
]

# What was seen.
[seen]
cases = [
    "case-1",
]
# The end.
"""


def test_all_that_stays_stays_byte_for_byte_and_the_new_stands_in_its_place(tmp_path: Path) -> None:
    text = updated(tmp_path, BEFORE, finding("case-1", "rotated"))
    assert names(text) == ["a", "mine-wrong-rotated", "n"]
    start, end = text.index('[[expected]]\nname = "mine-'), text.index('[[expected]]\nname = "n"')
    assert text[:start] + text[end:] == BEFORE
    assert text[start:end].endswith('reason = "not looked at yet"\n\n')


def test_an_update_without_news_changes_nothing_and_a_new_case_is_one_line(tmp_path: Path) -> None:
    right = finding("case-1")
    assert updated(tmp_path, BEFORE, Verdict.without_answer(right.key, "refused", "")) == BEFORE
    new = updated(tmp_path, BEFORE, Verdict.without_answer(finding("case-0").key, "refused", ""))
    assert new == BEFORE.replace('    "case-1",\n', '    "case-0",\n    "case-1",\n')


def test_a_stale_entry_goes_with_the_comment_above_it_and_the_others_keep_theirs(tmp_path: Path) -> None:
    gone = Expectation(adapter="mine", name="a", stale=True)
    text = updated(tmp_path, BEFORE, gone)
    assert text == "# The file's own words.\n\n" + BEFORE[BEFORE.index('[[expected]]\nname = "n"') :]


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    before = entry(name="mine-wrong-rotated", case="case-1")
    text = updated(tmp_path, before, finding("case-2", "rotated"))
    assert names(text) == ["mine-wrong-rotated", "mine-wrong-rotated-2"]
    assert text.startswith(before)


def test_line_ends_stay_what_they_are(tmp_path: Path) -> None:
    text = updated(tmp_path, BEFORE.replace("\n", "\r\n"), finding("case-1", "rotated"))
    assert text.count("\r\n") == text.count("\n")


def test_entries_that_are_no_tables_of_their_own_are_not_updated(tmp_path: Path) -> None:
    text = 'expected = [{name = "a", reason = "b"}, {name = "c", reason = "d"}]\n'
    with pytest.raises(UsageError, match="cannot be updated"):
        updated(tmp_path, text, finding("case-1"))
    assert (tmp_path / FILE).read_text() == text


def test_texts_of_adapters_are_quoted_in_the_file(tmp_path: Path) -> None:
    hostile = 'F"]\n[[expected]]\\'
    (table,) = tomllib.loads(updated(tmp_path, "", finding("case-1", route=hostile)))["expected"]
    assert table["route"] == hostile


def merged(folder: Path, *parts: Expectation) -> record.Records:
    return record.read([recorded(folder, part, name=f"{number}.jsonl") for number, part in enumerate(parts)])


def test_an_entry_that_fails_in_one_of_two_records_is_not_stale(tmp_path: Path) -> None:
    stale = Expectation(adapter="mine", name="a", matched=2, stale=True, message="gone")
    failing = Expectation(adapter="other", name="a", matched=3, diverged=1)
    for parts in ((stale, failing), (failing, stale)):
        records = merged(tmp_path, *parts)
        (line,) = records.expectations.values()
        assert (line.matched, line.diverged, records.stale) == (5, 1, [])
    assert [line.name for line in merged(tmp_path, stale, stale).stale] == ["a"]


def test_every_format_is_red_for_a_stale_entry_and_green_for_an_expected_finding(tmp_path: Path) -> None:
    stale = Expectation(adapter="mine", name="mended", matched=2, stale=True, message="none of the 2")
    listed = Expectation(adapter="mine", name="flip", reason="on purpose", matched=1, diverged=1)
    accepted = replace(finding("case-1"), finding=False, expected="flip")
    records = record.read([recorded(tmp_path, accepted, stale, listed)])
    tests = {outcome.name: outcome for outcome in outcomes.outcomes(records)}
    assert tests["expectation mended"].status == outcomes.FAILED
    assert tests["direct case-1 float32"].status == outcomes.SKIPPED
    assert "expected, flip: on purpose" in tests["direct case-1 float32"].message
    assert badge.badge_of(records).message == "no findings, 1 stale expectation in 1 verdict"
    assert badge.badge_of(records).colour == badge.RED
    report = model.summarise(records)
    assert "**stale:** mended" in markdown.summary(report).replace("\\", "")
    html = page(report)
    assert html.index(">mended<") < html.index(">flip<"), "stale entries come first"
    assert "1 stale expectation" in html
