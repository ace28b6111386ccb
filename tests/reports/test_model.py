"""Counts with their denominators, against small runs counted by hand."""

from pathlib import Path

import pytest

from convformance.reports import formatting, model, record, views
from convformance.reports.lines import Diagnosis, Verdict
from convformance.reports.model import Report, Tally
from convformance.reports.record import Writer
from tests.reports.synthetic import KNOWN, Line, SyntheticRun, case_line, diagnosis_line, run_line, verdict_line

ROUTES = {"conv": ["direct", "by hand"], "conv_input_grad": ["vjp"]}
FIRST = case_line("stride", 1, operations=["conv", "conv_input_grad", "conv_transpose"], dtypes=["float32", "float16"])
SECOND = case_line("groups", 2, operations=["conv"], dtypes=["float32"])
# These two cases pose: conv (2 + 1 dtypes) x 2 routes, conv_input_grad 2 x 1 route; conv_transpose 2 without a route.
POSED = 8
END = {"kind": "end", "complete": True, "verdicts": 0, "findings": 0, "seconds": 1.0}


def verdict(op: str, route: str, case: Line, dtype: str, grade: str = "conformant", **changes: object) -> Line:
    return verdict_line("torch", op, route, case["id"], dtype, grade, **changes)


EVERYTHING = [
    verdict("conv", "direct", FIRST, "float32", error=0.5),
    verdict("conv", "direct", FIRST, "float16", "refused", message="no half precision for 3 axes"),
    verdict("conv", "direct", SECOND, "float32", "wrong", error=70.0),
    verdict("conv", "by hand", FIRST, "float32", "norm-wise", error=2.5, finding=False, documented="norm-wise"),
    verdict(
        "conv",
        "by hand",
        FIRST,
        "float16",
        "low-precision",
        error=9.0,
        finding=False,
        known=KNOWN["name"],
        accumulator="float16",
    ),
    verdict("conv", "by hand", SECOND, "float32", error=0.25),
    verdict("conv_input_grad", "vjp", FIRST, "float32", "crashed"),
    verdict("conv_input_grad", "vjp", FIRST, "float16", "timed-out"),
]


def report(tmp_path: Path, verdicts: list[Line], *, asked: int = POSED, ends: bool = True) -> Report:
    path = tmp_path / "run.jsonl"
    with Writer(path) as writer:
        for line in [run_line("torch", asked=asked, routes=ROUTES), FIRST, SECOND, *verdicts, *([END] if ends else [])]:
            writer.write(line)
    return model.summarise(record.read([path]))


def cells(summary: Report) -> dict[tuple[str, str, str], Tally]:
    return {(row.op, row.route, dtype): tally for row in summary.runs[0].rows for dtype, tally in row.cells.items()}


def test_every_cell_counts_conformant_of_asked(tmp_path: Path) -> None:
    tallies = cells(report(tmp_path, EVERYTHING))
    assert {key: (tally.conformant, tally.asked) for key, tally in tallies.items()} == {
        ("conv", "direct", "float32"): (1, 2),
        ("conv", "direct", "float16"): (0, 1),
        ("conv", "by hand", "float32"): (1, 2),
        ("conv", "by hand", "float16"): (0, 1),
        ("conv_input_grad", "vjp", "float32"): (0, 1),
        ("conv_input_grad", "vjp", "float16"): (0, 1),
    }


def test_the_large_numbers_add_up_to_what_was_asked(tmp_path: Path) -> None:
    report = model.summarise(record.read([SyntheticRun(cases=12, wrong_share=0.02).write(tmp_path / "run.jsonl")]))
    counts = {tile.name: tile.count for tile in views.tiles(report)}
    parts = set(counts) - {"asked", "causes", "not asked", "outside the domain"}
    assert {"conformant", "findings", "known †", "refused"} <= parts
    assert sum(counts[name] for name in parts) == counts["asked"]


def test_the_totals_add_up(tmp_path: Path) -> None:
    summary = report(tmp_path, EVERYTHING)
    total = summary.total
    assert (total.posed, total.asked, total.verdict_count, summary.asked, summary.unjudged, total.unasked) == (
        8,
        8,
        8,
        8,
        0,
        0,
    )
    assert dict(total.grades) == {
        "conformant": 2,
        "refused": 1,
        "wrong": 1,
        "norm-wise": 1,
        "low-precision": 1,
        "crashed": 1,
        "timed-out": 1,
    }
    assert (total.findings, total.known, total.documented) == (3, 1, 1)
    assert summary.runs[0].operation("conv").asked == 6


def test_an_operation_without_a_route_is_counted_as_that(tmp_path: Path) -> None:
    summary = report(tmp_path, EVERYTHING)
    assert summary.runs[0].no_route == {"conv_transpose": 2}
    assert summary.operations == ("conv", "conv_input_grad")


def test_what_an_interrupted_run_did_not_come_to_stays_in_every_denominator(tmp_path: Path) -> None:
    summary = report(tmp_path, EVERYTHING[:3], ends=False)
    assert summary.incomplete == ("torch",)
    assert (summary.asked, summary.total.verdict_count, summary.unjudged, summary.total.unasked) == (8, 3, 5, 0)
    missing = {key: tally.unjudged for key, tally in cells(summary).items() if tally.unjudged}
    assert missing == {
        ("conv", "by hand", "float32"): 2,
        ("conv", "by hand", "float16"): 1,
        ("conv_input_grad", "vjp", "float32"): 1,
        ("conv_input_grad", "vjp", "float16"): 1,
    }
    assert {family: tally.asked for family, tally in summary.runs[0].families.items()} == {"stride": 6, "groups": 2}


def test_what_a_filter_left_out_of_a_complete_run_is_told_apart_as_not_asked(tmp_path: Path) -> None:
    summary = report(tmp_path, EVERYTHING[:3], asked=3)
    assert (summary.asked, summary.unjudged, summary.total.unasked) == (3, 0, 5)
    assert cells(summary)["conv", "by hand", "float32"].unasked == 2
    assert cells(summary)["conv", "direct", "float32"].asked == 2


def test_a_run_that_lost_verdicts_after_its_end_does_not_hide_them(tmp_path: Path) -> None:
    summary = report(tmp_path, EVERYTHING[:7], asked=8)
    assert (summary.asked, summary.unjudged, summary.total.unasked) == (8, 1, 0)


def test_a_verdict_on_a_case_or_route_nobody_described_is_counted(tmp_path: Path) -> None:
    stray = verdict("conv_bias_grad", "tape", case_line("dilation", 9), "bfloat16", "wrong")
    summary = report(tmp_path, [*EVERYTHING, stray], asked=9)
    assert (summary.total.asked, summary.total.findings) == (9, 4)
    assert summary.runs[0].families[model.UNDESCRIBED].asked == 1
    assert cells(summary)["conv_bias_grad", "tape", "bfloat16"].asked == 1


def test_findings_are_grouped_by_grade_and_route_worst_first(tmp_path: Path) -> None:
    more = [
        verdict("conv", "direct", case_line("stride", n), "float32", "wrong", error=error)
        for n, error in ((5, 2.0), (6, None))
    ]
    groups = report(tmp_path, [*EVERYTHING, *more]).findings
    assert [(group.grade, group.op, len(group.verdicts)) for group in groups] == [
        ("wrong", "conv", 3),
        ("crashed", "conv_input_grad", 1),
        ("timed-out", "conv_input_grad", 1),
    ]
    assert [verdict.error for verdict in groups[0].verdicts] == [None, 70.0, 2.0]


def test_refusals_in_the_same_words_but_for_numbers_stand_together(tmp_path: Path) -> None:
    said = ["no half precision for 2 axes", "no half precision for 2 axes", "not yet"]
    more = [
        verdict("conv", "direct", case_line("stride", n), "float16", "refused", message=text)
        for n, text in enumerate(said, 5)
    ]
    refusal_groups = report(tmp_path, [*EVERYTHING, *more]).refusals
    assert [(refusals.message, refusals.wordings, len(refusals.verdicts)) for refusals in refusal_groups] == [
        ("no half precision for 2 axes", 2, 3),
        ("not yet", 1, 1),
    ]


def test_a_known_divergence_is_shown_whether_or_not_the_run_came_to_its_end(tmp_path: Path) -> None:
    (before,) = report(tmp_path, EVERYTHING).known
    assert (before.name, before.divergence, len(before.verdicts)) == (KNOWN["name"], None, 1)
    assert before.known is not None
    assert before.known.reason == KNOWN["reason"]
    line = {
        "kind": "divergence",
        "adapter": "torch",
        "name": KNOWN["name"],
        "matched": 3,
        "diverged": 1,
        "stale": False,
        "message": "",
    }
    (after,) = report(tmp_path, [*EVERYTHING, line]).known
    assert after.divergence is not None
    assert (after.divergence.matched, after.divergence.diverged) == (3, 1)


def test_stale_known_divergences_come_first(tmp_path: Path) -> None:
    line = {"kind": "divergence", "adapter": "torch", "matched": 3, "diverged": 0, "message": "remove it"}
    stale = [line | {"name": "fresh", "stale": False}, line | {"name": "gone", "stale": True}]
    assert [entry.name for entry in report(tmp_path, [*EVERYTHING, *stale]).known] == ["gone", KNOWN["name"], "fresh"]


@pytest.mark.parametrize(
    ("part", "total", "text"),
    [
        (0, 0, formatting.NOTHING),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 40_000, "0.1 %"),
        (39_999, 40_000, "99.9 %"),
        (1, 3, "33.3 %"),
    ],
)
def test_per_cents_say_none_and_all_only_where_it_is_so(part: int, total: int, text: str) -> None:
    assert formatting.percent(part, total) == text


def diagnoses_named(*names: str) -> list[Diagnosis]:
    return [Diagnosis(adapter="torch", op="conv", route="direct", name=name) for name in names]


@pytest.mark.parametrize(
    ("names", "known", "diagnosis"),
    [
        ((), (), ""),
        ((), ("flipped", "unexplained"), "unexplained"),
        (("shifted", "flipped"), ("flipped", "shifted"), "flipped"),
        (("shifted",), ("flipped", "shifted"), "shifted"),
        (("groups", "stride"), ("groups+stride", "unexplained"), "groups+stride"),
        (("groups",), ("groups+stride", "unexplained"), "groups"),
        (("flipped",), (), "flipped"),
    ],
)
def test_a_finding_belongs_to_the_first_diagnosis_of_its_route_that_fits(
    names: tuple[str, ...], known: tuple[str, ...], diagnosis: str
) -> None:
    verdict = Verdict(
        adapter="torch",
        op="conv",
        route="direct",
        case="c",
        dtype="float32",
        grade="wrong",
        finding=True,
        diagnosis=names,
    )
    assert model.diagnosis_of(verdict, diagnoses_named(*known)) == diagnosis


def test_findings_of_one_route_stand_apart_by_diagnosis(tmp_path: Path) -> None:
    summary = report(
        tmp_path,
        [
            verdict("conv", "direct", FIRST, "float32", "wrong", diagnosis=["flipped"]),
            verdict("conv", "direct", FIRST, "float16", "wrong", diagnosis=["flipped"]),
            verdict("conv", "direct", SECOND, "float32", "wrong"),
            diagnosis_line("torch", "conv", "direct", "flipped", 2, 3, detail="on both axes"),
            diagnosis_line("torch", "conv", "direct", "unexplained", 1, 3),
        ],
    )
    assert [(group.diagnosis, len(group.verdicts)) for group in summary.findings] == [
        ("flipped", 2),
        ("unexplained", 1),
    ]
    assert summary.findings[0].line is not None
    assert summary.findings[0].line.detail == "on both axes"


def test_verdicts_are_taken_in_turn_from_groups_of_any_length() -> None:
    groups = [
        [Verdict(adapter="a", op="o", route="r", case=name, dtype="d", grade="wrong", finding=True) for name in row]
        for row in ("abc", "d", "ef")
    ]
    assert "".join(verdict.case for verdict in model.in_turn(groups)) == "adebfc"


def test_runs_with_the_same_cases_have_one_set_of_them(tmp_path: Path) -> None:
    assert report(tmp_path, EVERYTHING).case_sets == {}
