"""What the page's script is given, against the records it was made of."""

import base64
from pathlib import Path
from typing import Any

import pytest

from convformance.reports import compare, model, packing, payload, record, words
from convformance.reports.record import Records, Writer
from tests.reports.synthetic import Made


def given(records: Records, baseline: Records | None = None) -> dict[str, Any]:
    """Return the payload of records, packed and unpacked."""
    comparison = None if baseline is None else compare.compare(records, baseline)
    told: dict[str, Any] = packing.unpacked(packing.packed(payload.payload(model.summarise(records), comparison)))
    return told


def key(told: dict[str, Any], row: int) -> tuple[str, ...]:
    return tuple(
        told["words"][name][told["columns"][name][row]] for name in ("adapter", "op", "route", "case", "dtype")
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return record.read([Made(cases=12, wrong_share=0.02).write(tmp_path_factory.mktemp("made") / "run.jsonl")])


@pytest.fixture(scope="module")
def told(records: Records) -> dict[str, Any]:
    return given(records)


def test_every_verdict_is_a_row(records: Records, told: dict[str, Any]) -> None:
    rows = range(len(told["columns"]["grade"]))
    grades = {key(told, row): told["words"]["grade"][told["columns"]["grade"][row]] for row in rows}
    assert grades == {found: verdict.grade for found, verdict in records.verdicts.items()}
    findings = {key(told, row) for row in rows if told["columns"]["flags"][row] & packing.FINDING}
    assert findings == {verdict.key for verdict in records.findings}


def test_every_finding_has_its_numbers_its_map_its_script_and_its_smallest_case(
    records: Records, told: dict[str, Any]
) -> None:
    rows = {key(told, row): row for row in range(len(told["columns"]["grade"]))}
    wrong = [verdict for verdict in records.findings if verdict.map]
    assert len(wrong) > 30
    for verdict in wrong:
        evidence = told["evidence"][str(rows[verdict.key])]
        assert verdict.map is not None
        assert verdict.worst is not None
        assert base64.b64decode(evidence["map"]["cells"]) == verdict.map.cells
        assert evidence["worst"]["index"] == list(verdict.worst.index)
        assert "\n".join(told["lines"][line] for line in evidence["script"]) == verdict.script
        assert evidence["smallest"]["got"] == [[[[0.0, 3.0, "nan"]]]]


def test_groups_hold_the_rows_of_their_verdicts(records: Records, told: dict[str, Any]) -> None:
    report = model.summarise(records)
    for name, groups in (("findings", report.findings), ("known", report.known)):
        shown = [[key(told, row) for row in rows] for rows in told[name]]
        assert shown == [[verdict.key for verdict in group.verdicts] for group in groups]


def test_every_case_is_described_with_its_features_its_parameters_and_its_source(
    records: Records, told: dict[str, Any]
) -> None:
    for name, case in zip(told["words"]["case"], told["cases"], strict=True):
        described = records.cases[name]
        assert case["words"] == words.case_in_words(described)
        assert dict(zip(told["parameters"], case["values"], strict=True)) == dict(words.parameters(described))
        assert ("stride" in [told["features"][number] for number in case["features"]]) == (max(described.stride) > 1)
        assert case["source"] == described.source


def test_changes_are_told_by_row(tmp_path: Path, records: Records) -> None:
    before = record.read([Made(cases=14, wrong_share=0.0, seed=7).write(tmp_path / "before.jsonl")])
    told = given(records, before)["comparison"]
    comparison = compare.compare(records, before)
    counts = {name: told["change"].count(number) for number, name in enumerate(told["changes"])}
    assert counts == {name: comparison.counts[name] for name in payload.CHANGES}
    assert counts["worse"] == len(told["before"]) > 0
    assert sum(map(len, told["removed"])) == comparison.counts["removed"] > 0


def test_beyond_the_room_for_evidence_the_page_says_what_is_left_to_the_record(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "MOST_BYTES", 20_000)
    evidence = given(records)["evidence"].values()
    whole = [found for found in evidence if "script" in found]
    left = [found["left"] for found in evidence if "left" in found]
    assert 3 < len(whole) < len(left)
    assert ["map", "script", "smallest"] in left


def test_the_first_of_every_group_of_findings_is_shown_before_the_second_of_any(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = model.summarise(records)
    monkeypatch.setattr(payload, "MOST_EVIDENCE", len(report.findings))
    told = given(records)
    assert {int(row) for row in told["evidence"]} == {rows[0] for rows in told["findings"]}


def test_a_script_too_long_for_the_page_is_left_to_the_record(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "LONGEST_SCRIPT", 30)
    evidence = given(records)["evidence"].values()
    assert not [found for found in evidence if "script" in found]
    assert [found for found in evidence if found.get("left") == ["script"] and "map" in found]


def test_a_case_that_no_record_describes_has_nothing_but_its_id(tmp_path: Path) -> None:
    path = Made(cases=1, wrong_share=0.0).write(tmp_path / "run.jsonl")
    last = next(iter(record.verdicts(path)))
    with Writer(path, append=True) as writer:
        writer.write(last | {"case": "undescribed"})
    told = given(record.read([path]))
    assert told["cases"][told["words"]["case"].index("undescribed")] == {}
