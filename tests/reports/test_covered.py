"""What an adapter's answers cover of the combinations of features: read from the record, shown on the page."""

from pathlib import Path

from convformance.reports import html, markdown, model, record, views
from convformance.reports.record import Records, Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

CASE = case_line("stride", 1, operations=["conv"], dtypes=["float32"])


def coverage_line(features: int, reached: int, missing: list[str]) -> Line:
    counts = {"features": features, "reached": reached, "possible": 1000}
    return {"kind": "coverage", "adapter": "mine", **counts, "missing": missing}


def records(folder: Path, *lines: Line) -> Records:
    path = folder / f"{len(list(folder.iterdir()))}.jsonl"
    with Writer(path) as writer:
        writer.write(run_line("mine", asked=1, routes={"conv": ["plain"]}))
        for line in (CASE, verdict_line("mine", "conv", "plain", CASE["id"], "float32"), *lines):
            writer.write(line)
    return record.read(sorted(folder.iterdir()))


def written(read: Records, folder: Path) -> str:
    markdown.write_markdown(read, folder / "summary.md")
    return (folder / "summary.md").read_text(encoding="utf-8")


def test_the_counts_stand_on_the_page_and_in_the_markdown(tmp_path: Path) -> None:
    hostile = "kernel <b>2</b>, padding full"
    read = records(tmp_path, coverage_line(2, 998, [hostile, "rank 1, bias bias"]), coverage_line(3, 500, []))
    report = model.summarise(read)
    assert views.covered(report) == [
        ("mine", "998 of 1,000 (99.8 %)", "500 of 1,000 (50.0 %)", (hostile, "rank 1, bias bias"), 2)
    ]
    page = html.page(report)
    assert "998 of 1,000" in page
    assert "kernel &lt;b&gt;2&lt;/b&gt;" in page
    assert "| mine | 998 of 1,000 (99.8 %) | 500 of 1,000 (50.0 %) |" in written(read, tmp_path)


def test_of_shards_the_one_that_reaches_most_counts(tmp_path: Path) -> None:
    records(tmp_path, coverage_line(2, 10, []), coverage_line(3, 10, []))
    report = model.summarise(records(tmp_path, coverage_line(2, 7, []), coverage_line(3, 20, [])))
    assert [row[1:3] for row in views.covered(report)] == [("10 of 1,000 (1.0 %)", "20 of 1,000 (2.0 %)")]


def test_a_record_without_it_shows_nothing_of_it(tmp_path: Path) -> None:
    read = records(tmp_path)
    assert views.covered(model.summarise(read)) == []
    assert "Combinations of features" not in html.page(model.summarise(read))
    assert "Combinations of features" not in written(read, tmp_path)
