"""Comparison with a baseline, against small runs compared by hand."""

from pathlib import Path

from convformance.reports import record
from convformance.reports.compare import Comparison, IdentityChange, compare
from convformance.reports.record import Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

CASES = {name: case_line(name, number) for number, name in enumerate(("stride", "groups", "dilation"))}


def verdict(family: str, dtype: str, grade: str = "conformant", **changes: object) -> Line:
    return verdict_line("torch", "conv", "direct", CASES[family]["id"], dtype, grade, **changes)


def compared(folder: Path, after: list[Line], before: list[Line], **identity: object) -> Comparison:
    """Return the comparison of two runs with the cases of their verdicts; ``identity`` changes the baseline's."""
    records = []
    for number, (verdicts, changes) in enumerate(((after, {}), (before, identity))):
        asked = {verdict["case"] for verdict in verdicts}
        path = folder / f"{number}.jsonl"
        with Writer(path) as writer:
            writer.write(run_line("torch", asked=len(verdicts), routes={"conv": ["direct"]}, **changes))
            for line in [*(case for case in CASES.values() if case["id"] in asked), *verdicts]:
                writer.write(line)
        records.append(record.read([path]))
    return compare(*records)


def test_equal_runs_are_unchanged(tmp_path: Path) -> None:
    verdicts = [verdict("stride", "float32"), verdict("groups", "float32", "wrong")]
    comparison = compared(tmp_path, verdicts, verdicts)
    assert comparison.counts == {"added": 0, "removed": 0, "worse": 0, "better": 0, "unchanged": 2}
    assert comparison.same_cases
    assert comparison.identities == ()


def test_added_removed_worse_and_better_are_told_apart(tmp_path: Path) -> None:
    after = [
        verdict("stride", "float32", "wrong"),
        verdict("stride", "float16"),
        verdict("groups", "float32"),
        verdict("groups", "float64", "refused"),
    ]
    before = [
        verdict("stride", "float32"),
        verdict("stride", "float16", "crashed"),
        verdict("groups", "float32"),
        verdict("dilation", "float32"),
        verdict("dilation", "float16", "wrong"),
    ]
    comparison = compared(tmp_path, after, before)
    assert comparison.counts == {"added": 1, "removed": 2, "worse": 1, "better": 1, "unchanged": 1}
    assert [(group.before, group.after, group.worse) for group in comparison.changed] == [
        ("conformant", "wrong", True),
        ("crashed", "conformant", False),
    ]
    assert comparison.added[0].grades == {"refused": 1}
    assert comparison.removed[0].grades == {"conformant": 1, "wrong": 1}
    assert not comparison.same_cases
    assert (comparison.cases_added, comparison.cases_removed) == ((), (CASES["dilation"]["id"],))


def test_a_finding_that_became_known_is_better_at_the_same_grade(tmp_path: Path) -> None:
    comparison = compared(
        tmp_path,
        [verdict("stride", "float32", "wrong", finding=False, known="k")],
        [verdict("stride", "float32", "wrong")],
    )
    assert comparison.counts["better"] == 1


def test_a_conformant_answer_that_is_refused_now_is_worse(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [verdict("stride", "float32", "refused")], [verdict("stride", "float32")])
    assert comparison.counts["worse"] == 1


def test_versions_and_modes_that_changed_are_told(tmp_path: Path) -> None:
    verdicts = [verdict("stride", "float32")]
    comparison = compared(tmp_path, verdicts, verdicts, framework_version="2.12.0", mode={"mkldnn": "off"})
    assert comparison.identities == (
        IdentityChange("torch", "framework_version", "2.12.0", "2.13.0+cpu"),
        IdentityChange("torch", "mode", "mkldnn=off", "device=cpu, mkldnn=on"),
    )
