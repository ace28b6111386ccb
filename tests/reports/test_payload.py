"""What the page's script is given, against the records it was made of."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from convformance.reports import compare, formatting, model, packing, payload, record
from convformance.reports.fields import parse
from convformance.reports.lines import CaseLine
from convformance.reports.record import Records, Writer
from convformance.test_cases.case import case as declare
from tests.reports.synthetic import SyntheticRun
from tests.reports.unpacking import unpacked


def payload_of(records: Records, baseline: Records | None = None) -> dict[str, Any]:
    """Return the payload of records, packed and unpacked."""
    comparison = None if baseline is None else compare.compare(records, baseline)
    shown: dict[str, Any] = unpacked(packing.packed(payload.payload(model.summarise(records), comparison)))
    return shown


def key(shown: dict[str, Any], row: int) -> tuple[str, ...]:
    return tuple(
        shown["names"][name][shown["columns"][name][row]] for name in ("adapter", "op", "route", "case", "dtype")
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return record.read([SyntheticRun(cases=12, wrong_share=0.02).write(tmp_path_factory.mktemp("made") / "run.jsonl")])


@pytest.fixture(scope="module")
def shown(records: Records) -> dict[str, Any]:
    return payload_of(records)


def test_every_verdict_is_a_row(records: Records, shown: dict[str, Any]) -> None:
    rows = range(len(shown["columns"]["grade"]))
    grades = {key(shown, row): shown["names"]["grade"][shown["columns"]["grade"][row]] for row in rows}
    assert grades == {each: verdict.grade for each, verdict in records.verdicts.items()}
    findings = {key(shown, row) for row in rows if shown["columns"]["flags"][row] & packing.FINDING}
    assert findings == {verdict.key for verdict in records.findings}


def test_every_finding_has_its_numbers_its_map_its_script_and_its_smallest_case(
    records: Records, shown: dict[str, Any]
) -> None:
    rows = {key(shown, row): row for row in range(len(shown["columns"]["grade"]))}
    wrong = [verdict for verdict in records.findings if verdict.map]
    assert len(wrong) > 30
    for verdict in wrong:
        evidence = shown["evidence"][str(rows[verdict.key])]
        assert verdict.map is not None
        assert verdict.worst is not None
        assert base64.b64decode(evidence["map"]["cells"]) == verdict.map.cells
        assert evidence["worst"]["index"] == list(verdict.worst.index)
        assert "\n".join(shown["lines"][line] for line in evidence["script"]) == verdict.script
        assert evidence["smallest"]["got"] == [[[[0.0, 3.0, "nan"]]]]


def test_groups_hold_the_rows_of_their_verdicts(records: Records, shown: dict[str, Any]) -> None:
    report = model.summarise(records)
    for name, groups in (("findings", report.findings), ("known", report.known)):
        keys = [[key(shown, row) for row in rows] for rows in shown[name]]
        assert keys == [[verdict.key for verdict in group.verdicts] for group in groups]


def test_every_case_is_described_with_its_features_its_parameters_and_its_source(
    records: Records, shown: dict[str, Any]
) -> None:
    for name, case in zip(shown["names"]["case"], shown["cases"], strict=True):
        case_line = records.cases[name]
        assert case["sentence"] == formatting.describe_case(case_line)
        assert dict(zip(shown["parameters"], case["values"], strict=True)) == dict(
            formatting.case_parameters(case_line)
        )
        assert ("stride" in [shown["features"][number] for number in case["features"]]) == (max(case_line.stride) > 1)
        assert case["source"] == case_line.source


def test_changes_are_told_by_row(tmp_path: Path, records: Records) -> None:
    before = record.read([SyntheticRun(cases=14, wrong_share=0.0, seed=7).write(tmp_path / "before.jsonl")])
    changes = payload_of(records, before)["comparison"]
    comparison = compare.compare(records, before)
    counts = {name: changes["change"].count(number) for number, name in enumerate(changes["changes"])}
    assert counts == {name: comparison.counts[name] for name in payload.CHANGES}
    assert counts["worse"] == len(changes["before"]) > 0
    assert sum(map(len, changes["removed"])) == comparison.counts["removed"] > 0


def test_beyond_the_room_for_evidence_the_page_says_what_is_left_to_the_record(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "MOST_BYTES", 20_000)
    evidence = payload_of(records)["evidence"].values()
    complete = [entry for entry in evidence if "script" in entry]
    left = [entry["left"] for entry in evidence if "left" in entry]
    assert 3 < len(complete) < len(left)
    assert ["map", "script", "smallest"] in left


def test_the_first_of_every_group_of_findings_is_shown_before_the_second_of_any(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = model.summarise(records)
    monkeypatch.setattr(payload, "MOST_EVIDENCE", len(report.findings))
    shown = payload_of(records)
    assert {int(row) for row in shown["evidence"]} == {rows[0] for rows in shown["findings"]}


def test_a_script_too_long_for_the_page_is_left_to_the_record(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "LONGEST_SCRIPT", 30)
    evidence = payload_of(records)["evidence"].values()
    assert not [entry for entry in evidence if "script" in entry]
    assert [entry for entry in evidence if entry.get("left") == ["script"] and "map" in entry]


def test_a_case_that_no_record_describes_has_nothing_but_its_id(tmp_path: Path) -> None:
    path = SyntheticRun(cases=1, wrong_share=0.0).write(tmp_path / "run.jsonl")
    last = next(iter(record.verdict_lines(path)))
    with Writer(path, append=True) as writer:
        writer.write(last | {"case": "undescribed"})
    shown = payload_of(record.read([path]))
    assert shown["cases"][shown["names"]["case"].index("undescribed")] == {}


def test_a_case_beyond_an_ordinary_convolution_is_described_with_what_it_has() -> None:
    sizes = {"input_size": (4, 5), "kernel_size": 3, "padding": 1, "operations": ("conv",)}
    declared = declare("tests", "What a test makes.", border="reflect", then="batch_norm", **sizes)
    line = parse(CaseLine, json.loads(json.dumps(declared.to_json())), [])
    assert "; the border is reflect; then batch norm. The result" in formatting.describe_case(line)
    assert {("border", "reflect"), ("then", "batch_norm")} <= set(formatting.case_parameters(line))
