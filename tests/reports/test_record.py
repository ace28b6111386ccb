"""The record keeps what was written through kills, and what cannot be used of it is told and never hides the rest."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import convformance
from convformance.reports import jsonlines, record
from convformance.reports.error_map import ErrorMap
from convformance.reports.lines import CaseLine, Diagnosis, Spread, Worst
from convformance.reports.record import RecordError, Writer
from tests.reports.synthetic import (
    ROUTES,
    Line,
    SyntheticRun,
    case_line,
    diagnosis_line,
    run_line,
    smallest,
    verdict_line,
)

ONE_ROUTE = {"conv": ["direct"]}
END = {"kind": "end", "complete": True, "verdicts": 1, "findings": 0, "seconds": 1.5}
CASE = case_line("stride", 4)


def opening(adapter: str = "torch", **changes: object) -> list[Line]:
    return [run_line(adapter, asked=4, routes=ONE_ROUTE, **changes), CASE]


def verdict(dtype: str, grade: str = "conformant", **changes: object) -> Line:
    return verdict_line("torch", "conv", "direct", CASE["id"], dtype, grade, **changes)


def diagnosis(name: str, explains: int, of: int, **changes: object) -> Line:
    return diagnosis_line("torch", "conv", "direct", name, explains, of, **changes)


def written(path: Path, lines: list[Line]) -> Path:
    with Writer(path) as writer:
        for line in lines:
            writer.write(line)
    return path


def problems(path: Path) -> list[str]:
    return [str(problem) for problem in record.read([path]).problems]


def test_everything_written_is_read_back(tmp_path: Path) -> None:
    run = SyntheticRun(cases=13, wrong_share=0.05)
    records = record.read([run.write(tmp_path / "run.jsonl")])
    lines = list(run.lines())
    assert list(records.runs) == list(ROUTES)
    assert records.problems == []
    assert records.complete
    assert records.missing.keys() == {"onnxruntime"}
    assert len(records.divergences) == 2
    assert [divergence.name for divergence in records.stale] == ["empty-batch"]
    assert len(records.findings) == sum(line.get("finding", False) for line in lines)
    assert [asdict(case) for case in records.cases.values()] == [
        _as_tuples(line) for line in lines if line["kind"] == "case"
    ]
    assert len(records.verdicts) == sum(line["kind"] == "verdict" for line in lines)


def _as_tuples(line: Line) -> Line:
    names = CaseLine.__dataclass_fields__
    return {name: _as_tuple(line[name]) for name in names}


def _as_tuple(value: object) -> object:
    return tuple(_as_tuple(entry) for entry in value) if isinstance(value, list) else value


def test_a_wrong_verdict_keeps_its_evidence(tmp_path: Path) -> None:
    evidence = {
        "worst": {"fill": "xwide", "index": [1, 2, 3], "got": 1.5, "want": -2.5, "bound": 0.25},
        "spread": {"wrong": 7, "of": 60, "channels": [0, 2], "words": "the last row"},
        "map": {"index": [1], "axes": ["H", "W"], "shape": [2, 3], "cells": "AAGA/wCA"},
    }
    path = written(
        tmp_path / "run.jsonl", [*opening(), verdict("float32", "wrong", error=3.5, script="print(1)", **evidence)]
    )
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.worst == Worst(fill="xwide", index=(1, 2, 3), got=1.5, want=-2.5, bound=0.25)
    assert parsed.spread == Spread(wrong=7, of=60, channels=(0, 2), words="the last row")
    assert parsed.map == ErrorMap(index=(1,), axes=("H", "W"), shape=(2, 3), cells=bytes([0, 1, 128, 255, 0, 128]))
    assert (parsed.error, parsed.script, parsed.finding) == (3.5, "print(1)", True)


def test_numbers_that_are_not_finite_are_written_as_text_and_read_as_numbers(tmp_path: Path) -> None:
    worst = {"fill": "normal", "index": (0, np.int64(3)), "got": math.nan, "want": -math.inf, "bound": np.float32(0.5)}
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32", "wrong", error=math.inf, worst=worst)])
    line = json.loads(path.read_text().splitlines()[-1])
    assert line["error"] == "inf"
    assert line["worst"] == {"fill": "normal", "index": [0, 3], "got": "nan", "want": "-inf", "bound": 0.5}
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.error == math.inf
    assert parsed.worst is not None
    assert math.isnan(parsed.worst.got or 0.0)


def test_text_that_is_no_unicode_survives_the_writer(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32", message="bad \udc80 byte")])
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.message == "bad \udc80 byte"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('{"kind": "verdict", "error": NaN}', "NaN is no JSON number"),
        ('{"kind": "gossip"}', "kind 'gossip' is unknown; allowed: run, missing"),
        ('{"kind": ["run"]}', "kind ['run'] is unknown"),
        ('{"kind": "missing"}', "missing: adapter is missing"),
        ('{"kind": "missing", "adapter": 3}', "missing: adapter is no text: 3"),
        ("[" * 100_000, "not JSON"),
        ('{"kind": "missing", "adapter": "\xff"}', "not JSON"),
    ],
)
def test_a_bad_line_is_told_with_file_and_line_and_the_rest_is_used(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path / "run.jsonl", opening())
    with path.open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    with Writer(path, append=True) as writer:
        writer.write(verdict("float32"))
    (problem,) = problems(path)
    assert problem.startswith(f"{path}, line 3: ")
    assert message in problem
    assert len(record.read([path]).verdicts) == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("grade", "splendid", "verdict: grade is no grade; allowed: conformant, "),
        ("finding", 1, "verdict: finding is neither true nor false: 1"),
        ("case", None, "verdict: case is no text: None"),
    ],
)
def test_a_verdict_without_a_sound_answer_is_left_out(tmp_path: Path, field: str, value: object, message: str) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32"), verdict("float16") | {field: value}])
    assert len(record.read([path]).verdicts) == 1
    assert message in problems(path)[0]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("error", "much", "error is no number: 'much'"),
        ("error", True, "error is no number: True"),
        ("seconds", 10**400, "seconds is beyond every float"),
        ("worst", [], "worst is no object"),
        ("worst", {"index": "x"}, "worst index is no list: 'x'"),
        ("map", {"shape": [2, 2], "cells": "AAAA"}, "map has 3 cells for 2 x 2"),
        ("map", {"shape": [2, 2], "cells": "?"}, "cells is no base64"),
        ("map", {"shape": [10**9, 0], "cells": ""}, "allowed: two sides of 1 to 4096"),
        ("map", {"shape": [4], "cells": "AAAA"}, "allowed: two sides"),
        ("spread", {"wrong": -1}, "spread wrong is negative: -1"),
    ],
)
def test_a_bad_detail_is_told_and_the_verdict_counts(tmp_path: Path, field: str, value: object, message: str) -> None:
    path = written(tmp_path / "run.jsonl", opening())
    with path.open("a") as file:
        file.write(json.dumps(verdict("float32", "wrong") | {field: value}) + "\n")
    records = record.read([path])
    (parsed,) = records.verdicts.values()
    assert parsed.finding
    assert getattr(parsed, field) in (None, 0.0)
    assert message in str(records.problems[0])


def test_of_a_question_judged_twice_the_last_verdict_counts(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32", "wrong"), verdict("float32")])
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.grade == "conformant"
    assert "line 4: torch conv direct" in problems(path)[0]
    assert "was judged before; the last verdict counts" in problems(path)[0]
    assert [line["grade"] for line in record.verdict_lines(path)] == ["conformant"]


def test_a_run_of_another_schema_is_told_and_its_verdicts_are_left_out(tmp_path: Path) -> None:
    foreign = run_line("jax", asked=4, routes=ONE_ROUTE, schema=2)
    lines = [*opening(), foreign, verdict("float32"), verdict("float16") | {"adapter": "jax"}]
    records = record.read([written(tmp_path / "run.jsonl", lines)])
    assert list(records.runs) == ["torch"]
    assert [each.adapter for each in records.verdicts.values()] == ["torch"]
    assert "schema 2 is newer than the schema 1 that is read here" in str(records.problems[0])
    assert "adapter 'jax', whose run line has another schema" in str(records.problems[1])


def test_a_run_of_another_schema_is_left_out_and_the_run_is_not_called_complete(tmp_path: Path) -> None:
    lines = [*opening(), run_line("jax", asked=4, routes=ONE_ROUTE, schema=0), verdict("float32"), END]
    path = written(tmp_path / "run.jsonl", lines)
    records = record.read([path])
    assert records.left_out == {f"{path}: jax": "schema 0 is not the schema 1 that is read here"}
    assert records.runs["torch"].complete
    assert not records.complete


def test_a_foreign_file_among_records_is_told_and_the_rest_is_reported(tmp_path: Path) -> None:
    good = written(tmp_path / "good.jsonl", [*opening(), verdict("float32"), END])
    notes, newer = tmp_path / "notes.txt", tmp_path / "newer.jsonl"
    notes.write_text("these are\nnotes\n")
    newer.write_text(json.dumps(run_line("jax", asked=4, routes=ONE_ROUTE, schema=2)) + "\n")
    assert record.read([good]).complete
    records = record.read([notes, good, newer])
    assert len(records.verdicts) == 1
    assert not records.complete
    messages = list(map(str, records.problems))
    assert f"{notes}: is no run record: line 1: not JSON" in messages[2]
    assert f"{newer}, line 1: run: schema 2 is newer than the schema 1 that is read here" in messages[3]
    with pytest.raises(
        RecordError, match=r"notes.txt is no run record: .*newer.jsonl is no run record: line 1: run: schema 2"
    ):
        record.read([notes, newer])


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32"), END])
    records = record.read([path, tmp_path / "." / "run.jsonl", path.parent / ".." / path.parent.name / path.name])
    assert records.problem_count == 2
    assert all("is named twice; it is read once" in str(problem) for problem in records.problems)
    assert records.runs["torch"].seconds == END["seconds"]


def test_diagnoses_are_kept_by_route_and_those_of_a_resumed_run_replace_the_earlier(tmp_path: Path) -> None:
    first, second = diagnosis("flipped", 3, 4), diagnosis("moved", 1, 4, detail="by (0, 2)", where="in the last row")
    path = written(tmp_path / "run.jsonl", [*opening(), first, second, END])
    records = record.read([path])
    assert [(each.name, each.explains, each.of) for each in records.diagnoses] == [
        ("flipped", 3, 4),
        ("moved", 1, 4),
    ]
    assert records.diagnoses[1] == Diagnosis(**{name: value for name, value in second.items() if name != "kind"})
    with Writer(path, append=True) as writer:
        for line in (opening()[0], diagnosis("flipped", 7, 8)):
            writer.write(line)
    assert [(each.name, each.explains, each.of) for each in record.read([path]).diagnoses] == [("flipped", 7, 8)]


def test_diagnoses_of_the_parts_of_a_run_add_up(tmp_path: Path) -> None:
    one = written(tmp_path / "1.jsonl", [*opening(), diagnosis("flipped", 3, 4), diagnosis("moved", 1, 4)])
    two = written(tmp_path / "2.jsonl", [*opening(), diagnosis("moved", 5, 5), diagnosis("zero", 1, 5)])
    other = written(tmp_path / "3.jsonl", [*opening(framework_version="2.14.0"), diagnosis("moved", 2, 2)])
    records = record.read([one, two, other])
    by_run = {
        label: [(d.name, d.explains, d.of) for d in records.diagnosed[label, "conv", "direct"]]
        for label in records.runs
    }
    assert by_run == {"torch": [("moved", 6, 9), ("flipped", 3, 9), ("zero", 1, 9)], "torch 2.14.0": [("moved", 2, 2)]}


def test_the_smallest_case_that_fails_is_kept_as_it_was_told(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32", "wrong", smallest=smallest() | {"more": 1})])
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.smallest is not None
    assert json.loads(json.dumps(asdict(parsed.smallest))) == smallest()


def test_complex_numbers_are_kept_as_texts_and_a_worst_part_by_its_name(tmp_path: Path) -> None:
    numbers = {"want": [[["1-2j", "0+0.5j", 3, "nan-infj"]]], "operands": {"x": [["1e-05+1e+300j"]]}}
    worst = {"fill": "int", "index": [0], "got": 1.0, "want": 2.0, "bound": 0.0, "part": "imaginary"}
    path = written(
        tmp_path / "run.jsonl",
        [*opening(), verdict("complex64", "wrong", smallest=smallest() | numbers, worst=worst)],
    )
    (parsed,) = record.read([path]).verdicts.values()
    assert parsed.smallest is not None
    assert parsed.worst is not None
    assert (parsed.smallest.want, parsed.smallest.operands) == (numbers["want"], numbers["operands"])
    assert parsed.worst.part == "imaginary"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"want": ["1+j2"]}, "smallest want is no number"),
        ({"problem": 3}, "smallest problem is no object: 3"),
        ({"problem": {"input_size": [1]}}, "smallest problem kernel_size is missing"),
        ({"operands": {"x": [[1, "one"]]}}, "smallest operands is no number: {'x': [[1, 'one']]}"),
        ({"want": [0] * 4097}, "smallest want holds 4097 numbers; allowed: up to 4096"),
        ({"got": [[[[[[[[[1]]]]]]]]]}, "smallest got is nested too deeply; allowed: lists in lists, 8 deep"),
        ({"call": None}, "smallest call is no text: None"),
    ],
)
def test_a_smallest_case_that_cannot_be_read_is_told_and_the_verdict_counts(
    tmp_path: Path, changes: Line, message: str
) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float32", "wrong", smallest=smallest(**changes))])
    records = record.read([path])
    (parsed,) = records.verdicts.values()
    assert parsed.finding
    assert parsed.smallest is None
    assert message in str(records.problems[0])


@pytest.mark.parametrize("field", ["kind", "grade", "error", "smallest", "map"])
def test_what_is_nested_without_an_end_is_told(tmp_path: Path, field: str) -> None:
    path = written(tmp_path / "run.jsonl", opening())
    depths = range(800, 1000, 7)
    line = json.dumps(verdict("float32", "wrong") | {field: "@"})
    with path.open("a") as file:
        file.writelines(line.replace('"@"', "[" * depth + "]" * depth) + "\n" for depth in depths)
    assert record.read([path]).problem_count >= len(depths)


MEASURED = """
import resource, sys
from convformance.reports import jsonlines, record
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
records = record.read(sys.argv[1:])
print(len(records.verdicts), 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


def test_a_record_is_read_in_less_memory_than_it_is_long(tmp_path: Path) -> None:
    """Texts are kept once, and one line at a time is held: half a kilobyte a verdict, whatever its message says."""
    path, count = tmp_path / "run.jsonl", 40_000
    refused = json.dumps(verdict("float16", "refused", message="no such primitive: " + "x" * 2000))
    with Writer(path) as writer:
        for line in opening():
            writer.write(line)
    with path.open("a") as file:
        file.writelines(refused.replace('"direct"', f'"r{number}"') + "\n" for number in range(count))
    home = Path(convformance.__file__).resolve().parent.parent
    environment = os.environ | {"PYTHONPATH": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True, env=environment
    )
    verdicts, grown = map(int, done.stdout.split())
    assert verdicts == count
    assert path.stat().st_size > 90e6
    assert grown < 40e6


def test_verdicts_whose_run_line_is_lost_are_kept_without_an_identity(tmp_path: Path) -> None:
    records = record.read([written(tmp_path / "run.jsonl", [verdict("float32"), verdict("float16")])])
    assert len(records.verdicts) == 2
    assert not records.runs["torch"].identified
    assert len(records.problems) == 1


def test_a_case_described_twice_and_differently_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), CASE, CASE | {"groups": 3}])
    assert "line 4: case " in problems(path)[0]
    assert len(problems(path)) == 1
    assert record.read([path]).cases[CASE["id"]].groups == 2


def test_problems_beyond_the_first_thousand_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", opening())
    with path.open("a") as file:
        file.write("what is this\n" * 1204)
    records = record.read([path])
    assert (len(records.problems), records.problem_count) == (1000, 1204)


def test_a_line_without_an_end_is_left_out_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "run.jsonl", opening())
    monkeypatch.setattr(jsonlines, "LONGEST_LINE", 3000)
    with path.open("a") as file:
        file.write("x" * 10_000 + "\n" + json.dumps(verdict("float32")) + "\n")
    assert len(record.read([path]).verdicts) == 1
    assert problems(path) == [f"{path}, line 3: longer than 3000 bytes"]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"# a text\nof another kind\n", b"\x7fELF\x00\x01\xff", b'{"a": 1}\n', b"[]"]
)
def test_a_file_that_is_no_record_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"notes.txt is no run record: (line 1: |it is empty)"):
        record.read([path])


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"nowhere.jsonl cannot be read: No such file"):
        record.read([tmp_path / "nowhere.jsonl"])
    with pytest.raises(RecordError, match="cannot be read: Is a directory"):
        record.read([tmp_path])


WRITE_FOREVER = """
import sys
from convformance.reports.record import Writer
writer = Writer(sys.argv[1], append=True)
number = 0
while True:
    writer.write({"kind": "missing", "adapter": f"adapter {number}", "reason": "x" * 997})
    number += 1
    print(number, flush=True)
"""


def test_killing_the_writer_loses_no_line_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    home = Path(convformance.__file__).resolve().parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(home)},
    ) as process:
        assert process.stdout is not None
        count = [int(process.stdout.readline()) for _ in range(40)][-1]
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(record.read([path]).missing) >= count


@pytest.mark.parametrize("cut", [1, 2, 40, 250])
def test_a_line_cut_off_by_a_kill_is_removed_when_the_record_goes_on(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float64"), verdict("float32")])
    os.truncate(path, path.stat().st_size - cut)
    kept = {"float64", "float32"} if cut == 1 else {"float64"}
    assert {key[4] for key in record.answered_keys(path)} == kept
    with Writer(path, append=True) as writer:
        writer.write(verdict("float16"))
    records = record.read([path])
    assert {key[4] for key in records.verdicts} == kept | {"float16"}
    assert records.problems == []


def test_a_long_line_cut_off_is_removed_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float64", script="s" * 300_000)])
    os.truncate(path, path.stat().st_size - 7)
    Writer(path, append=True).close()
    assert path.read_bytes() == written(tmp_path / "other.jsonl", opening()).read_bytes()


def test_a_cut_line_is_told_by_a_reader_that_does_not_mend_it(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float64")])
    os.truncate(path, path.stat().st_size - 30)
    assert "line 3: cut off" in problems(path)[0]


def test_a_writer_that_does_not_append_begins_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float64")])
    assert record.answered_keys(written(path, opening())) == frozenset()


def test_nothing_is_judged_in_a_record_that_is_not_there_yet(tmp_path: Path) -> None:
    assert record.answered_keys(tmp_path / "run.jsonl") == frozenset()


def test_a_run_is_complete_only_when_its_last_line_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", [*opening(), verdict("float64")])
    assert not record.read([path]).complete
    for line, complete in ((END | {"complete": False}, False), (END, True), (verdict("float32"), False)):
        with Writer(path, append=True) as writer:
            writer.write(line)
        assert record.read([path]).complete is complete


def test_the_same_run_in_two_files_is_one_and_complete_only_when_both_are(tmp_path: Path) -> None:
    first = written(tmp_path / "1.jsonl", [*opening(), verdict("float64"), END])
    second = written(tmp_path / "2.jsonl", [*opening(started="2026-11-22T00:00:00+00:00"), verdict("float32")])
    records = record.read([first, second])
    assert list(records.runs) == ["torch"]
    assert len(records.verdicts) == 2
    assert not records.complete


def test_another_version_of_the_same_adapter_is_a_run_of_its_own(tmp_path: Path) -> None:
    first = written(tmp_path / "1.jsonl", [*opening(), verdict("float64")])
    second = written(tmp_path / "2.jsonl", [*opening(framework_version="2.14.0"), verdict("float64", "wrong")])
    records = record.read([first, second])
    assert list(records.runs) == ["torch", "torch 2.14.0"]
    assert {key[0]: each.grade for key, each in records.verdicts.items()} == {
        "torch": "conformant",
        "torch 2.14.0": "wrong",
    }
