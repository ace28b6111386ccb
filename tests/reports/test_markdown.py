"""The Markdown summary: complete in its counts, safe in its texts, always small enough."""

import html
import re
from pathlib import Path

import pytest

from convformance.reports import markdown, model, record
from convformance.reports.markdown import escaped, write_markdown
from tests.reports import hostile
from tests.reports.synthetic import SyntheticRun


def written(folder: Path, *records: Path, baseline: Path | None = None) -> str:
    write_markdown(records, folder / "summary.md", baseline=None if baseline is None else [baseline])
    return (folder / "summary.md").read_text(encoding="utf-8")


def test_the_summary_tells_identity_matrix_findings_known_and_refusals(tmp_path: Path) -> None:
    path = SyntheticRun(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl")
    report = model.summarise(record.read([path]))
    text = written(tmp_path, path)
    causes = len(report.causes)
    assert text.startswith(f"# convformance: {causes} causes in {report.total.findings} findings\n")
    for run in report.runs:
        assert f"| {run.total.conformant:,} / {run.asked:,} | complete |" in text
    torch = next(run for run in report.runs if run.label == "torch").operation("conv_filter_grad")
    assert f"| {torch.conformant:,} / {torch.asked:,} ✗" in text
    assert f"(known {torch.known:,})" in text
    assert "| no route |" in text
    assert "**stale:** empty-batch" in text
    assert "<https://example.org/issues/4069>" in text
    refused = report.runs[0].total.grades["refused"]
    assert f"scipy {refused:,}" in text
    assert f"1 known cause in {report.total.known} verdicts." in text
    assert re.findall(r"(?m)^(\d+)\. [^ ] [a-z-]+: \*\*", text) == [
        str(number + 1) for number in range(min(causes, 20))
    ]
    assert causes <= 20 or f"and {causes - 20} causes more" in text


def test_an_incomplete_run_says_so(tmp_path: Path) -> None:
    path = SyntheticRun(cases=4, ends=False, stops_after=300).write(tmp_path / "run.jsonl")
    asked = model.summarise(record.read([path])).asked
    assert f"did not run to the end; {asked - 300:,} questions have no verdict." in written(tmp_path, path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a&#124;b"),
        ("`code`", "&#96;code&#96;"),
        ("<script>", "&#60;script&#62;"),
        ("&lt;", "&#38;lt;"),
        ("*a* _b_ ~c~", r"\*a\* \_b\_ \~c\~"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("https://example.org", "https:&#47;/example.org"),
        ("www.example.org", "www&#46;example.org"),
        ("@someone", "&#64;someone"),
        ("two\n\n# lines", r"two \# lines"),
        ("back\\slash", r"back\\slash"),
        ("\u202eabc\x00", "\N{REPLACEMENT CHARACTER}abc\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_text_from_a_record_shows_as_it_is(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_nothing_from_a_record_becomes_markup(tmp_path: Path) -> None:
    text = written(tmp_path, hostile.write(tmp_path / "run.jsonl"))
    assert "<script" not in text
    assert "<img" not in text
    assert "javascript:alert" not in re.sub(r"\\?\[.*?\\?\]\(", "(", "".join(re.findall(r"<[^>]*>", text)))
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == len({"who", "matrix", "diagnoses", "known", "expected", "refusals"})
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert len(headings) == len(tables) + len({"title", "causes", "problems"})


def test_the_summary_is_below_one_mebibyte_whatever_the_record_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SyntheticRun(cases=20, wrong_share=0.9).write(tmp_path / "run.jsonl")
    assert len(written(tmp_path, path).encode()) < 30_000
    monkeypatch.setattr(markdown, "MOST_BYTES", 4000)
    cut = written(tmp_path, path)
    assert 3000 < len(cut.encode()) < 4000
    assert "it would be longer than such pages allow" in cut


def test_findings_and_routes_have_their_diagnoses(tmp_path: Path) -> None:
    text = written(tmp_path, SyntheticRun(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl"))
    assert "## Diagnoses" in text
    mistake = "The result is moved by one along the last axis; only in the last column"
    assert f"| exchanged-sides by (0, 1) | 6 of 6 | {mistake} | Exchange lo and hi" in text
    assert "| unexplained | 1 of 6 | Nothing known reproduces it; only in the last column |" in text


def test_a_cause_has_its_condition_its_remedy_its_instance_and_its_script(tmp_path: Path) -> None:
    path = SyntheticRun(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl")
    text = written(tmp_path, path)
    wrong = [cause for cause in model.summarise(record.read([path])).causes if cause.grade == "wrong"]
    assert text.count("   - Condition: only in the last column.\n") >= len(wrong) > 2
    assert text.count("   - What to do: Exchange lo and hi of the padding.\n") == len(wrong)
    for cause in wrong:
        assert f"   - For instance {escaped(' '.join(cause.representative.key[1:]))}: " in text
        assert html.unescape(text).count(f'"""{cause.representative.op} of {cause.adapter}: ') == 1
    assert text.count("<pre>") == text.count("</pre>") == min(len(wrong), markdown.MOST_SCRIPTS)


def test_changes_against_a_baseline_are_told(tmp_path: Path) -> None:
    before = SyntheticRun(cases=5, wrong_share=0.0).write(tmp_path / "before.jsonl")
    after = SyntheticRun(cases=7, wrong_share=0.02).write(tmp_path / "after.jsonl")
    text = written(tmp_path, after, baseline=before)
    assert "## Against the baseline" in text
    assert "2 only in this run, 0 only in the baseline" in text
    assert "| conformant | wrong | worse | 1 |" in text
