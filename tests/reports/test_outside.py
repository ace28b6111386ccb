"""What lies outside a route's domain: read from the run line, left out of every denominator, shown beside refusals."""

from pathlib import Path

from convformance.reports import features, html, markdown, model, record
from convformance.reports.record import Records, Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

FIRST, SECOND = (case_line("stride", number, operations=["conv"], dtypes=["float32", "float16"]) for number in (1, 2))
OUTSIDE = {
    "op": "conv",
    "route": "narrow",
    "covers": "float32 <only>",
    "dtypes": {"float16": 2},
    "families": {"stride": 2},
    "nowhere": {"float16": [SECOND["id"]]},
}


def write(path: Path, outside: list[Line], verdicts: int = 6) -> Path:
    """Write the record of a run with two routes, one of which is not asked in float16."""
    asked = [("wide", dtype, case) for dtype in ("float32", "float16") for case in (FIRST, SECOND)]
    asked += [("narrow", "float32", case) for case in (FIRST, SECOND)]
    run = run_line("mine", asked=6, routes={"conv": ["wide", "narrow"]}, outside=outside)
    answers = [verdict_line("mine", "conv", route, case["id"], dtype) for route, dtype, case in asked[:verdicts]]
    end = {"kind": "end", "complete": True, "verdicts": 6, "findings": 0, "seconds": 1.0}
    with Writer(path) as writer:
        for line in [run, FIRST, SECOND, *answers, *([end] if verdicts == 6 else [])]:
            writer.write(line)
    return path


def records(folder: Path, outside: list[Line], verdicts: int = 6) -> Records:
    return record.read([write(folder / "run.jsonl", outside, verdicts)])


def test_it_is_neither_asked_nor_left_unasked(tmp_path: Path) -> None:
    total = model.summarise(records(tmp_path, [OUTSIDE])).total
    assert (total.posed, total.asked, total.unasked, total.unjudged, total.outside) == (6, 6, 0, 0, 2)
    assert total.grades["refused"] == 0


def test_an_interrupted_run_misses_no_verdict_on_it(tmp_path: Path) -> None:
    (run,) = model.summarise(records(tmp_path, [OUTSIDE], verdicts=5)).runs
    assert (run.total.asked, run.total.unjudged, run.families["stride"].unjudged) == (6, 1, 1)


def test_an_older_record_says_nothing_of_it(tmp_path: Path) -> None:
    total = model.summarise(records(tmp_path, [])).total
    assert (total.posed, total.unasked, total.outside) == (8, 2, 0)


def test_shards_add_up(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.jsonl", [OUTSIDE]) for name in ("first", "second")]
    (state,) = record.read(paths).runs.values()
    assert sum(outside.total for outside in state.outside) == 4


def test_the_features_say_what_no_route_is_asked(tmp_path: Path) -> None:
    answered = records(tmp_path, [OUTSIDE], verdicts=3)
    (support,) = features.supports(answered)["float16"].values()
    assert (support.state, support.right, support.of) == ("partly", 1, 2)
    assert [(note.kind, note.count, note.message) for note in support.notes] == [
        ("outside the domain", 1, "float32 <only>")
    ]


def test_a_dtype_that_is_outside_altogether_says_nothing_of_other_features(tmp_path: Path) -> None:
    everywhere = {**OUTSIDE, "nowhere": {"float16": [FIRST["id"], SECOND["id"]]}}
    path = write(tmp_path / "run.jsonl", [{**everywhere, "route": route} for route in ("wide", "narrow")], verdicts=2)
    (state,) = record.read([path]).runs.values()
    supports = features.supports(record.read([path]))
    narrow, strided = (supports[name][state.label] for name in ("float16", "stride"))
    assert (narrow.state, narrow.right, narrow.of) == ("no", 0, 2)
    assert (strided.state, strided.right, strided.of) == ("yes", 2, 2)


def test_the_page_and_the_summary_show_it_beside_the_refusals(tmp_path: Path) -> None:
    both = records(tmp_path, [OUTSIDE])
    html.write_html(both, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="domains"' in page
    assert "float32 &lt;only&gt;" in page
    assert page.count("outside the domain 2") == 1, "the cell of the route that is not asked in float16"
    markdown.write_markdown(both, tmp_path / "summary.md")
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "## Outside the routes' domains" in summary
    assert "| mine | narrow | float32 &#60;only&#62; | 2 |" in summary


def test_a_report_without_any_does_not_speak_of_it(tmp_path: Path) -> None:
    markdown.write_markdown(records(tmp_path, []), tmp_path / "summary.md")
    assert "domains" not in (tmp_path / "summary.md").read_text(encoding="utf-8")
