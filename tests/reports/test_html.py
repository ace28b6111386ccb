"""The HTML report: everything is told, nothing from a record becomes markup, nothing is loaded, and it stays small."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from convformance.judging import grades
from convformance.judging.grades import Grade
from convformance.reports import causes, formatting, html, model, record
from convformance.reports.html import write_html
from convformance.reports.lines import KEY
from convformance.reports.record import RecordError, Writer
from tests.reports import hostile
from tests.reports.synthetic import FAMILIES, ROUTES, SyntheticRun, case_line, run_line, verdict_line
from tests.reports.unpacking import unpacked

Attributes = dict[str, str | None]


class Page(HTMLParser):
    """The elements of a page with their attributes, its text, and what its data block holds."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self.open: list[tuple[str, Attributes]] = []
        self.data: dict[str, Any] = {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, attributes = self.open[-1] if self.open else ("", {})
        if attributes.get("id") == "data":
            self.data = unpacked(data)
        elif tag not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]

    def shown_text(self) -> str:
        """Return all the text that the page shows, of itself or by its script."""
        lines = self.data["lines"]
        scripts = (
            "\n".join(lines[line] for line in evidence.get("script", ())) for evidence in self.data["evidence"].values()
        )
        return "\n".join((self.text, *_texts(self.data), *scripts))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, str):
        yield value


def page_of(path: Path, *records: Path, baseline: Path | None = None) -> Page:
    write_html(records, path, baseline=None if baseline is None else [baseline])
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    """A synthetic record of some 2,300 verdicts and its page."""
    folder = tmp_path_factory.mktemp("made")
    path = SyntheticRun(cases=12, wrong_share=0.02).write(folder / "run.jsonl")
    return path, page_of(folder / "report.html", path)


def test_the_page_names_every_run_route_family_and_what_is_missing_without_its_script(
    synthetic: tuple[Path, Page],
) -> None:
    _, page = synthetic
    for label, operations in ROUTES.items():
        assert label in page.text
        for op, routes in operations.items():
            assert op in page.text
            assert all(route in page.text for route in routes)
    assert all(family in page.text for family in FAMILIES)
    assert "onnxruntime is not installed" in page.text
    assert all(sentence in page.text for sentence in formatting.SENTENCES.values())
    assert "no route: " in page.text


def test_every_finding_is_in_the_page_with_its_case_and_message(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    findings = record.read([path]).findings
    columns, names = page.data["columns"], page.data["names"]
    rows = [row for rows in page.data["findings"] for row in rows]
    shown = {(names["case"][columns["case"][row]], names["message"][columns["message"][row]]) for row in rows}
    assert shown == {(verdict.case, verdict.message) for verdict in findings}
    assert len(rows) == len(findings) > 30


def test_findings_stand_by_cause_and_diagnosis_with_what_the_record_says_of_it(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    report = model.summarise(record.read([path]))
    shown = re.sub(r"\s+", " ", page.text)
    mistaken = [cause for cause in report.causes if cause.explanation == ("exchanged-sides", "")]
    assert len(mistaken) > 2
    for cause in mistaken:
        groups = [group for group in report.findings if group.cause == cause.number]
        assert f"wrong exchanged-sides {len(cause.verdicts):,} findings on {len(groups)} route" in shown
    assert "Exchange lo and hi of the padding." in shown
    rows = [attributes.get("data-rows") for attributes in page.all("details") if "data-rows" in attributes]
    assert {f"findings.{number}" for number in range(len(report.findings))} <= set(rows)


def test_the_page_counts_causes_and_shows_the_script_of_each(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    report = model.summarise(record.read([path]))
    shown = re.sub(r"\s+", " ", page.text)
    count = f"{len(report.causes)} causes in {report.total.findings} findings"
    assert f"convformance: {count}" in shown
    assert shown.count(count) == len({"title", "heading"})
    for cause in report.causes:
        assert f"cause-{cause.number}" in {attributes.get("id") for _, attributes in page.elements}
        assert re.sub(r"\s+", " ", cause.sentence) in shown
        assert re.sub(r"\s+", " ", cause.representative.script or "") in shown
    assert "1 known cause in " in shown


def test_the_matrix_shows_conformant_of_asked(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    report = model.summarise(record.read([path]))
    shown = re.sub(r"\s+", " ", page.text)
    for run in report.runs:
        assert (
            f"{run.asked:,} {run.total.verdict_count:,} {run.total.conformant:,} {run.total.grades['refused']:,}"
            in shown
        )
        for op in report.operations:
            tally = run.operation(op)
            assert not tally.posed or f"{tally.conformant:,}/{tally.asked:,}" in shown


def test_a_cell_of_the_matrix_leads_to_its_verdicts(synthetic: tuple[Path, Page]) -> None:
    _, page = synthetic
    cells = [parse_qs(str(link["href"])[1:]) for link in page.all("a") if link.get("class") == "cell"]
    queries = {query["q"][0] for query in cells if query["view"] == ["verdicts"]}
    assert len(cells) > 200
    assert "adapter=torch op=conv_input_grad" in queries
    assert 'adapter="torch[mkldnn=off]" op=conv route=F.conv dtype=float16' in queries
    assert 'adapter=jax feature="asymmetric padding"' in queries


def test_features_say_yes_partly_no_and_wrong_with_the_frameworks_words(synthetic: tuple[Path, Page]) -> None:
    _, page = synthetic
    states = {str(cell["data-state"]) for cell in page.all("td") if "data-state" in cell}
    assert states == {"yes", "partly", "no", "wrong"}
    assert "object arrays are not supported: dtype float#" in page.text


def test_runs_with_different_cases_say_so(tmp_path: Path) -> None:
    cases = [case_line("stride", number) for number in (1, 2)]
    for name, number in (("torch", 2), ("jax", 1), ("scipy", 2)):
        with Writer(tmp_path / f"{name}.jsonl") as writer:
            writer.write(run_line(name, asked=number, routes={"conv": ["direct"]}))
            for case in cases[:number]:
                writer.write(case)
                writer.write(verdict_line(name, "conv", "direct", case["id"], "float32"))
    every = page_of(tmp_path / "every.html", *(tmp_path / f"{name}.jsonl" for name in ("torch", "jax", "scipy")))
    said = "The runs were not asked the same cases: jax 1 (lacks 1); torch, scipy 2."
    assert said in re.sub(r"\s+", " ", every.text)
    assert "not asked the same cases" not in page_of(tmp_path / "one.html", tmp_path / "torch.jsonl").text


def test_an_incomplete_run_says_so_before_anything_else(tmp_path: Path) -> None:
    path = SyntheticRun(cases=4, ends=False, stops_after=300).write(tmp_path / "run.jsonl")
    page = page_of(tmp_path / "report.html", path)
    asked = model.summarise(record.read([path])).asked
    text = re.sub(r"\s+", " ", page.text)
    assert "Not complete. scipy, torch" in text
    assert f"{asked - 300:,} of {asked:,} questions have no verdict" in text
    assert text.index("Not complete.") < text.index("Who was asked")


def test_a_record_that_was_left_out_is_told_of(tmp_path: Path) -> None:
    path = SyntheticRun(cases=1).write(tmp_path / "run.jsonl")
    (tmp_path / "notes.txt").write_text("nothing\n")
    page = page_of(tmp_path / "report.html", path, tmp_path / "notes.txt")
    assert "Left out:" in page.text
    assert "notes.txt is no run record" in page.text


def test_nothing_from_a_record_becomes_markup(tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl"))
    assert [script.get("type") for script in page.all("script")] == ["application/octet-stream", "module"]
    assert len(page.all("style")) == len(page.all("title")) == 1
    assert not page.all("img")
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}" in page.text
    assert "<script>alert(5)</script>" in page.text
    assert "\u202e" not in page.shown_text()


def test_every_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    shown_text = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl")).shown_text()
    # What the page has no place for: what the cases pose is counted, not listed.
    unshown = {("case", "dtypes"), ("case", "operations")}
    shown = 0
    for line in hostile.lines():
        for name, text in hostile.texts(line):
            if (line["kind"], name) not in unshown:
                start = text.removesuffix(hostile.PAYLOAD) + hostile.PAYLOAD[:5]
                assert start in shown_text, (line["kind"], name)
                shown += 1
    assert shown > 60


def test_only_addresses_of_the_web_become_links(tmp_path: Path) -> None:
    bad = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl"))
    assert all(str(attributes["href"]).startswith("#") for attributes in bad.all("a"))
    assert {case.get("source", "") for case in bad.data["cases"]} == {""}
    good = page_of(tmp_path / "good.html", SyntheticRun(cases=12, wrong_share=0.3).write(tmp_path / "good.jsonl"))
    outside = {str(attributes["href"]) for attributes in good.all("a") if not str(attributes["href"]).startswith("#")}
    sources = {case["source"] for case in good.data["cases"]} - {""}
    assert outside == {"https://example.org/issues/4069"}
    assert sources
    assert all(re.fullmatch(r"https://example\.org/issues/\d+", address) for address in sources)


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://example.org/issues/1?a=b#c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" https://example.org", False),
        ("https://example.org/\nx", False),
        ("https:example.org", False),
        ("//example.org", False),
        ("data:text/html,x", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_a_link_is_safe_only_as_a_whole_address(link: str, safe: bool) -> None:
    assert formatting.safe_link(link) == (link if safe else "")


def test_the_page_loads_nothing(synthetic: tuple[Path, Page]) -> None:
    _, page = synthetic
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form") or (
            tag == "form" and "action" not in attributes
        )
        assert "src" not in attributes
        assert "srcset" not in attributes
        assert tag != "use" or str(attributes["href"]).startswith("#i-")
    assert not re.search(r"url\(|@import|https?:|//[a-z]", (html.TEMPLATES / "report.css").read_text())


@pytest.mark.parametrize("grade", grades.TABLE, ids=lambda grade: grade.name)
def test_the_tone_of_a_grade_has_a_colour_and_an_icon(grade: Grade) -> None:
    style, icons = ((html.TEMPLATES / name).read_text() for name in ("report.css", "icons.svg"))
    assert f"--{grade.tone}: light-dark(" in style
    assert f".t-{grade.tone} {{ --tone: " in style
    assert f'<symbol id="i-{grade.tone}"' in icons


@pytest.mark.parametrize("name", html.MODULES)
def test_a_module_builds_nodes_and_never_markup_and_stays_short(name: str) -> None:
    module = (html.TEMPLATES / name).read_text()
    assert not re.search(
        r"fetch\(|XMLHttp|import\(|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", module
    )
    assert not re.search(r"\bvar |\bglobalThis\b|\bwindow\.", module)
    assert len(module.splitlines()) < 300


def test_every_module_imports_what_an_earlier_one_exports() -> None:
    exported: dict[str, set[str]] = {}
    for name in html.MODULES:
        module = (html.TEMPLATES / name).read_text()
        for imported, source in re.findall(r'^import \{ ([^}]*) \} from "\./([^"]*)";$', module, re.MULTILINE):
            assert set(imported.split(", ")) <= exported[source], (name, source)
        exported[name] = set(re.findall(r"^export (?:const|class) (\w+)", module, re.MULTILINE))
    everything = [name for names in exported.values() for name in names]
    assert len(everything) == len(set(everything)), "what is exported has one name in the page"
    assert {path.name for path in html.TEMPLATES.glob("*.js")} == set(html.MODULES)


def test_the_bundle_keeps_the_names_of_a_module_to_itself() -> None:
    bundle = html.bundle()
    assert not re.search(r"^\s*(import|export)\b", bundle, re.MULTILINE)
    assert bundle.count("})();\n") >= len(html.MODULES)
    assert "const { unpacked, cellsOf, Data } = (() => {\n" in bundle


def test_the_policy_allows_our_style_and_script_alone(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    (policy,) = [str(tag["content"]) for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    source = (path.parent / "report.html").read_text()
    for tag, opening in (("style", "<style>"), ("script", '<script type="module">')):
        (body,) = re.findall(rf"{opening}(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_ids_are_unique_and_every_link_inside_leads_somewhere(synthetic: tuple[Path, Page]) -> None:
    path, page = synthetic
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inside = {str(attributes["href"])[1:] for attributes in page.all("a") if str(attributes["href"]).startswith("#")}
    anchors = {anchor for anchor in inside if "=" not in anchor}
    assert anchors <= set(ids)
    queries = [parse_qs(address) for address in inside - anchors]
    assert {query["view"][0] for query in queries if "case" not in query} == {"verdicts"}
    verdicts = {tuple(query[name][0] for name in KEY) for query in queries if "case" in query}
    assert verdicts == {cause.representative.key for cause in causes.causes(record.read([path]))}
    assert {str(attributes["href"])[1:] for attributes in page.all("use")} <= set(ids)
    for _, attributes in page.elements:
        named = [
            attributes[name]
            for name in ("aria-labelledby", "aria-describedby", "for", "data-view")
            if name in attributes
        ]
        assert set(named) <= set(ids)


def test_problems_with_the_record_are_on_the_page(tmp_path: Path) -> None:
    path = SyntheticRun(cases=2).write(tmp_path / "run.jsonl")
    with path.open("a") as file:
        file.write('{"kind": "verdict"}\n{"half')
    page = page_of(tmp_path / "report.html", path)
    lines = len(path.read_text().splitlines())
    assert f"{path}, line {lines - 1:,} verdict: adapter is missing" in page.text
    assert f"{path}, line {lines:,} cut off" in page.text


def test_a_clean_run_says_that_nothing_was_found(tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", SyntheticRun(cases=3, wrong_share=0.0).write(tmp_path / "run.jsonl"))
    assert "no findings" in page.text
    assert "Nothing was found" in page.text
    assert "Problems with the records" not in page.text


def test_changes_against_a_baseline_are_on_the_page(tmp_path: Path) -> None:
    before = SyntheticRun(cases=5, wrong_share=0.0).write(tmp_path / "before.jsonl")
    after = SyntheticRun(cases=7, wrong_share=0.02).write(tmp_path / "after.jsonl")
    page = page_of(tmp_path / "report.html", after, baseline=before)
    text = re.sub(r"\s+", " ", page.text)
    assert "Against the baseline" in text
    assert "The two runs do not have the same cases: 2 only in this run, 0 only in the baseline." in text


def test_a_baseline_that_is_no_record_is_an_error(tmp_path: Path) -> None:
    path = SyntheticRun(cases=1).write(tmp_path / "run.jsonl")
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(RecordError, match=r"notes.txt is no run record"):
        write_html([path], tmp_path / "report.html", baseline=[tmp_path / "notes.txt"])


def test_forty_thousand_verdicts_make_a_small_page(tmp_path: Path) -> None:
    path = SyntheticRun(cases=220).write(tmp_path / "run.jsonl")
    write_html([path], tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 1_200_000
    assert len(record.read([path]).verdicts) > 40_000


def test_thousands_of_findings_are_all_listed_and_the_page_stays_small(tmp_path: Path) -> None:
    path = SyntheticRun(cases=60, wrong_share=0.9).write(tmp_path / "run.jsonl")
    findings = record.read([path]).findings
    page = page_of(tmp_path / "report.html", path)
    assert len(findings) > 8_000
    assert sum(map(len, page.data["findings"])) == len(findings)
    assert (tmp_path / "report.html").stat().st_size < 3_000_000
