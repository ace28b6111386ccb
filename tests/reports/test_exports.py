"""JUnit, CTRF and the badge say what the record says, in their own terms, and are well formed whatever it holds."""

import json
import re
import uuid
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from convformance import cli
from convformance.reports import badge, formatting, record, writing
from convformance.reports.badge import write_badge
from convformance.reports.causes import causes
from convformance.reports.ctrf import write_ctrf
from convformance.reports.junit import write_junit
from convformance.reports.record import Records, Writer
from convformance.running import launch
from tests.reports import hostile
from tests.reports.synthetic import STALE, Line, SyntheticRun, case_line, run_line, verdict_line

CASE = case_line("stride", 4)
CONTROLS = "".join(map(chr, (*range(32), 127, 0x9F, 0x202E, 0xFFFE, 0xFFFF, 0xD800))) + "]]>&<\"'"


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A synthetic record of some 2,300 verdicts."""
    return record.read([SyntheticRun(cases=12, wrong_share=0.05).write(tmp_path_factory.mktemp("made") / "run.jsonl")])


def records_of(folder: Path, *lines: Line, **changes: Any) -> Records:
    """Return a record of one run."""
    with Writer(folder / "run.jsonl") as writer:
        for line in (run_line("torch", asked=4, routes={"conv": ["direct"]}, **changes), CASE, *lines):
            writer.write(line)
    return record.read([folder / "run.jsonl"])


def verdict(dtype: str, grade: str = "conformant", **changes: Any) -> Line:
    return verdict_line("torch", "conv", "direct", CASE["id"], dtype, grade, **changes)


def junit(records: Records, folder: Path) -> ElementTree.Element:
    write_junit(records, folder / "junit.xml")
    return ElementTree.parse(folder / "junit.xml").getroot()


def ctrf(records: Records, folder: Path) -> dict[str, Any]:
    write_ctrf(records, folder / "ctrf.json")
    document: dict[str, Any] = json.loads((folder / "ctrf.json").read_text(encoding="utf-8"))
    return document


def outcome_counts(records: Records) -> Counter[str]:
    """Return how the outcomes must count: by what a verdict counts for, and one outcome for each thing beside them."""
    counts = Counter({"skipped": len(records.missing), "failed": len(records.stale)})
    for verdict in records.verdicts.values():
        broken = verdict.grade in ("crashed", "timed-out", "error")
        passed = "skipped" if verdict.known or verdict.grade == "refused" else "passed"
        counts["broken" if broken and verdict.finding else "failed" if verdict.finding else passed] += 1
    return counts


def test_junit_has_a_case_a_verdict_and_its_counts_are_those_of_its_cases(synthetic: Records, tmp_path: Path) -> None:
    root, counts = junit(synthetic, tmp_path), outcome_counts(synthetic)
    names = {
        "tests": counts.total(),
        "failures": counts["failed"],
        "errors": counts["broken"],
        "skipped": counts["skipped"],
    }
    assert {name: int(root.attrib[name]) for name in names} == names
    assert min(counts["failed"], counts["broken"], counts["skipped"]) > 0
    for name, tag in {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert sum(int(suite.attrib[name]) for suite in root) == len(list(root.iter(tag))) == names[name]
    keys = {(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")}
    assert len(keys) == names["tests"]


def test_junit_tells_why_a_case_is_skipped_or_fails_and_what_ran(synthetic: Records, tmp_path: Path) -> None:
    root = junit(synthetic, tmp_path)
    reasons = [entry.attrib["message"] for entry in root.iter("skipped")]
    assert any(reason.startswith("refused: object arrays are not supported") for reason in reasons)
    assert any(
        reason.startswith("known divergence half-precision-gradients: The filter gradient") for reason in reasons
    )
    assert "onnxruntime is not installed: pip install convformance[onnxruntime]" in reasons
    failure = next(entry for entry in root.iter("failure") if entry.attrib["type"] == "wrong")
    assert failure.text is not None
    assert failure.attrib["message"] in failure.text
    assert "diagnosis: exchanged-sides\nworst element: (0, 3, 2, 10) got " in failure.text
    assert "spread: 28 of 308, only in the last column" in failure.text
    assert "smallest that fails: conv(x, w, padding=((0, 0), (0, 1)))" in failure.text
    assert any(
        STALE["name"] in case.attrib["name"] for case in root.iter("testcase") if case.find("failure") is not None
    )
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in root[0].find("properties") or ()}
    named = [entry.attrib["value"] for entry in root.iter("property") if entry.attrib["name"] == "cause"]
    assert len(named) == len(synthetic.findings)
    assert set(named) == {cause.title for cause in causes(synthetic)}
    assert properties.items() >= {"framework": "jax", "framework_version": "2.13.0+cpu", "suite": "0.1.0"}.items()


def test_ctrf_has_the_fields_of_its_schema_and_no_others(synthetic: Records, tmp_path: Path) -> None:
    """Against the required and allowed fields of the published schema (https://ctrf.io)."""
    document = ctrf(synthetic, tmp_path)
    assert document.keys() == {"reportFormat", "specVersion", "results"}
    assert (document["reportFormat"], document["specVersion"]) == ("CTRF", "0.0.0")
    results = document["results"]
    assert results.keys() == {"tool", "summary", "tests", "environment"}
    assert results["tool"] == {"name": "convformance", "version": "0.1.0"}
    counts = ("tests", "passed", "failed", "skipped", "pending", "other", "start", "stop")
    assert results["summary"].keys() == set(counts)
    assert all(type(value) is int for value in results["summary"].values())
    assert results["environment"].keys() == {"reportName", "osPlatform", "healthy", "extra"}
    allowed = {"id", "name", "status", "rawStatus", "duration", "suite", "message", "trace", "snippet", "extra"}
    for test in results["tests"]:
        assert {"name", "status", "duration"} <= test.keys() <= allowed
        assert type(test["duration"]) is int
        assert test["status"] in counts[1:6]
        assert test["name"]
        assert test["suite"]
        assert str(uuid.UUID(test["id"])) == test["id"]


def test_ctrf_counts_what_it_lists_and_shows_the_script_of_a_finding(synthetic: Records, tmp_path: Path) -> None:
    results, counts = ctrf(synthetic, tmp_path)["results"], outcome_counts(synthetic)
    tests = results["tests"]
    statuses = Counter(test["status"] for test in tests)
    assert statuses == {
        "passed": counts["passed"],
        "failed": counts["failed"] + counts["broken"],
        "skipped": counts["skipped"],
    }
    assert {name: results["summary"][name] for name in statuses} == statuses
    assert results["summary"]["tests"] == len(tests) == len({test["id"] for test in tests})
    started = 1000 * datetime.fromisoformat("2026-11-21T12:30:00+00:00").timestamp()
    assert (results["summary"]["start"], results["summary"]["stop"]) == (started, started + 812_400)
    wrong = [test for test in tests if test["rawStatus"] == "wrong"]
    assert wrong
    for test in wrong:
        assert test["snippet"].startswith('"""')
        assert test["extra"]["diagnosis"] == ["exchanged-sides"]
        assert test["extra"]["cause"].endswith(". exchanged-sides")
        assert "worst element" in test["trace"]


def test_the_ids_of_ctrf_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    first = ctrf(records_of(tmp_path, verdict("float32"), verdict("float64")), tmp_path)
    second = ctrf(records_of(tmp_path, verdict("float64", "wrong"), started="2026-12-01T00:00:00+00:00"), tmp_path)
    ids = [{test["name"]: test["id"] for test in document["results"]["tests"]} for document in (first, second)]
    assert ids[1].items() < ids[0].items()
    assert ids[1].keys() == {f"direct {CASE['id']} float64", "runs to the end"}


@pytest.mark.parametrize("started", ["", "yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00", CONTROLS])
def test_a_start_that_is_no_time_leaves_numbers_in_ctrf(tmp_path: Path, started: str) -> None:
    end = {"kind": "end", "complete": True, "seconds": "inf"}
    records = records_of(
        tmp_path, verdict("float32", seconds="nan"), verdict("float64", seconds=-1.5), end, started=started
    )
    summary = ctrf(records, tmp_path)["results"]["summary"]
    assert 0 <= summary["start"] <= summary["stop"]
    assert all(float(case.attrib["time"]) == 0 for case in junit(records, tmp_path).iter("testcase"))


def test_a_run_that_is_not_green_by_its_exit_status_is_not_green_in_any_format(tmp_path: Path) -> None:
    records = records_of(tmp_path, verdict("float32"))
    (tmp_path / "notes.txt").write_text("notes")
    records = record.read([tmp_path / "run.jsonl", tmp_path / "notes.txt"])
    root = junit(records, tmp_path)
    assert (root.attrib["errors"], root.attrib["tests"]) == ("2", "3")
    failed = [test["name"] for test in ctrf(records, tmp_path)["results"]["tests"] if test["status"] == "failed"]
    assert failed == ["runs to the end", f"{tmp_path / 'notes.txt'} is read"]
    assert badge.badge_of(records).message == "no findings, not complete in 1 verdict"
    assert badge.badge_of(records).colour == badge.AMBER


def test_control_characters_and_markup_of_a_record_leave_every_format_well_formed(tmp_path: Path) -> None:
    texts = {"message": CONTROLS, "script": CONTROLS, "diagnosis": [CONTROLS]}
    known = {"name": CONTROLS, "reason": CONTROLS, "link": "javascript:alert(1)"}
    lines = [
        verdict("float32", "wrong", **texts),
        verdict("float64", "crashed", **texts),
        verdict("float16", "refused", message=CONTROLS),
        verdict(CONTROLS, "wrong", known=CONTROLS, finding=False),
        {"kind": "missing", "adapter": CONTROLS, "reason": CONTROLS},
    ]
    records = records_of(tmp_path, *lines, framework=CONTROLS, suite=CONTROLS, known=[known])
    assert records.problems == []
    root = junit(records, tmp_path)
    tests = ctrf(records, tmp_path)["results"]["tests"]
    write_badge(records, tmp_path / "badge.svg")
    assert ElementTree.parse(tmp_path / "badge.svg").getroot().tag.endswith("svg")
    assert len(tests) == len(list(root.iter("testcase"))) == 6
    for name in ("junit.xml", "ctrf.json", "badge.svg"):
        shown = (tmp_path / name).read_text(encoding="utf-8")
        assert shown.replace("\n", "").replace("\t", "").isprintable(), name


def test_hostile_text_stays_text_in_every_format(tmp_path: Path) -> None:
    records = record.read([hostile.write(tmp_path / "run.jsonl")])
    writing.write(records, {name: tmp_path / name for name in ("junit", "ctrf", "badge", "markdown")})
    for name in ("junit", "badge"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<img" not in text
        ElementTree.fromstring(text)
    payload = formatting.visible(hostile.PAYLOAD)
    shown = json.loads((tmp_path / "ctrf").read_text(encoding="utf-8"))["results"]["tests"]
    assert all(test["suite"][0].endswith(payload) for test in shown if test["rawStatus"] != "left out")


@pytest.mark.parametrize(
    ("lines", "message", "colour"),
    [
        ([verdict("float32")], "no findings in 1 verdict", badge.GREEN),
        ([verdict("float32"), verdict("float16", "refused")], "no findings in 2 verdicts", badge.GREEN),
        ([verdict("float32", "wrong"), verdict("float16", "wrong")], "2 findings in 2 verdicts", badge.RED),
    ],
)
def test_the_badge_says_how_many_findings_in_how_many_verdicts(
    tmp_path: Path, lines: list[Line], message: str, colour: str
) -> None:
    records = records_of(tmp_path, *lines, {"kind": "end", "complete": True})
    shown = badge.badge_of(records)
    assert shown == ("convformance torch 2.13.0+cpu", message, colour)
    write_badge(records, tmp_path / "badge.svg")
    root = ElementTree.parse(tmp_path / "badge.svg").getroot()
    title = root.find("{*}title")
    assert title is not None
    assert title.text == root.attrib["aria-label"] == f"convformance torch 2.13.0+cpu: {message}"
    assert root.attrib["role"] == "img"
    write_badge(records, tmp_path / "badge.json")
    shield = json.loads((tmp_path / "badge.json").read_text())
    assert shield["schemaVersion"] == 1
    assert (shield["label"], shield["message"], shield["color"]) == shown


def test_a_badge_of_several_runs_names_none_and_one_of_a_long_name_is_cut(synthetic: Records, tmp_path: Path) -> None:
    assert badge.badge_of(synthetic).label == "convformance"
    assert "1 stale divergence" in badge.badge_of(synthetic).message
    assert len(badge.badge_of(records_of(tmp_path, framework="f" * 10_000)).label) == badge.LONGEST_LABEL


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [badge.LABEL, badge.GREEN, badge.RED, badge.AMBER])
def test_the_text_of_a_badge_has_the_contrast_that_wcag_asks_for(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_every_part_of_a_badge_lies_within_it() -> None:
    drawn = ElementTree.fromstring(badge.svg(badge.Badge("label", "一" * 7 + "message", badge.RED)))
    width = int(drawn.attrib["width"])
    spans = [(int(text.attrib["x"]), int(text.attrib["textLength"])) for text in drawn.findall(".//{*}text")]
    assert spans[0][0] + spans[0][1] < spans[1][0]
    assert spans[1][0] + spans[1][1] < width


def test_a_file_is_written_whole_or_left_as_it_was(synthetic: Records, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "junit.xml"
    writing.write(synthetic, {"junit": path, "ctrf": None})
    content = path.read_bytes()
    assert [entry.name for entry in path.parent.iterdir()] == ["junit.xml"]

    def fail(opened: Path) -> None:
        with writing.replaced(opened) as temporary:
            temporary.write_text("half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(path)
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["junit.xml"]


def test_a_link_is_written_through_and_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text("before")
    link.symlink_to(real)
    with writing.replaced(link) as temporary:
        temporary.write_text("after")
    assert link.is_symlink()
    assert real.read_text() == "after"
    with writing.replaced(Path("/dev/null")) as temporary:
        assert temporary == Path("/dev/null")


def test_the_size_of_the_exports_is_that_of_a_line_a_verdict(synthetic: Records, tmp_path: Path) -> None:
    write_junit(synthetic, tmp_path / "junit.xml")
    findings = len(synthetic.findings)
    text = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    assert len(text) < 250 * len(synthetic.verdicts) + 1500 * findings
    assert len(re.findall(r"<testcase [^>]*/>", text)) == outcome_counts(synthetic)["passed"]


def test_one_command_writes_every_format_and_opens_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [
        SyntheticRun(cases=1, wrong_share=0.0, stops_after=20).write(tmp_path / f"{number}.jsonl")
        for number in range(2)
    ]
    names = {"-o": "report.html", "--markdown": "s.md", "--junit": "j.xml", "--ctrf": "c.json", "--badge": "b.svg"}
    outputs = {option: tmp_path / "made" / name for option, name in names.items()}
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    arguments = [str(word) for pair in outputs.items() for word in pair]
    status = cli.main(["report", *map(str, records), "--baseline", str(records[0]), *arguments, "--open"])
    assert status == launch.FINDINGS, "a known divergence is stale"
    assert outputs["-o"].read_text().count("<title>convformance: no findings</title>") == 1
    assert outputs["--markdown"].read_text().startswith("# convformance: no findings\n")
    verdicts = len(record.read(records).verdicts)
    # Beside the verdicts: an adapter that is missing, a known divergence that is stale, five runs that do not end.
    beside = 1 + 1 + 5
    assert int(ElementTree.parse(outputs["--junit"]).getroot().attrib["tests"]) == verdicts + beside
    assert json.loads(outputs["--ctrf"].read_text())["results"]["summary"]["tests"] == verdicts + beside
    assert f"in {verdicts} verdicts" in outputs["--badge"].read_text()
    assert opened == [outputs["-o"].resolve().as_uri()]
    errors = capsys.readouterr().err
    assert f"{records[1]}, line " in errors
    assert "was judged before; the last verdict counts" in errors
    assert "no browser could be started" in errors


def test_what_cannot_be_used_of_a_record_is_told_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = SyntheticRun(cases=1, wrong_share=0.0).write(tmp_path / "run.jsonl")
    last = len(path.read_text().splitlines())
    with path.open("a") as file:
        file.write("gossip\n" * 30)
    cli.main(["report", str(path), "-o", str(tmp_path / "report.html")])
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"convformance: {path}, line {last + 1}: not JSON")
    assert errors[-1] == "convformance: and 10 problems more: the report lists them"
