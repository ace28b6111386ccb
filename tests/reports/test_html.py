"""The HTML report: everything is told, nothing from a record becomes markup, nothing is loaded, and it stays small."""

import base64
import hashlib
import math
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from convformance.reports import html, model, record, views, words
from convformance.reports.html import write_html
from convformance.reports.lines import ErrorMap, Verdict, Worst
from convformance.reports.record import RecordError, Writer
from tests.reports import hostile
from tests.reports.synthetic import FAMILIES, ROUTES, Made

Attributes = dict[str, str | None]


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open[-1:]):
            self.text += data

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for found, attributes in self.elements if found == tag]


def page_of(path: Path, *records: Path, baseline: Path | None = None) -> Page:
    write_html(records, path, baseline=None if baseline is None else [baseline])
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    """A synthetic record of some 2,300 verdicts and its page."""
    folder = tmp_path_factory.mktemp("made")
    path = Made(cases=12, wrong_share=0.02).write(folder / "run.jsonl")
    return path, page_of(folder / "report.html", path)


def test_the_page_names_every_run_route_family_and_what_is_missing(made: tuple[Path, Page]) -> None:
    _, page = made
    for label, operations in ROUTES.items():
        assert label in page.text
        for op, routes in operations.items():
            assert op in page.text
            assert all(route in page.text for route in routes)
    assert all(family in page.text for family in FAMILIES)
    assert "onnxruntime is not installed" in page.text
    assert all(sentence in page.text for sentence in words.SENTENCES.values())
    assert "no route: " in page.text


def test_every_finding_is_on_the_page_with_case_message_numbers_picture_and_script(made: tuple[Path, Page]) -> None:
    path, page = made
    findings = record.read([path]).findings
    assert len(findings) > 30
    anchors = {attributes.get("id") for attributes in page.all("article")}
    for verdict in findings:
        assert views.anchor(verdict.key) in anchors
        assert verdict.message in page.text
        assert verdict.script is None or verdict.script in page.text
    wrong = [verdict for verdict in findings if verdict.map]
    examples = sum(attributes.get("id", "").startswith("kf") for attributes in page.all("article"))  # type: ignore[union-attr]
    assert len(page.all("image")) == len(wrong) + examples
    assert "Filter gradients in half precision stagnated once 2048 terms were added." in page.text


def test_the_matrix_shows_conformant_of_asked(made: tuple[Path, Page]) -> None:
    path, page = made
    report = model.summarise(record.read([path]))
    shown = re.sub(r"\s+", " ", page.text)
    for run in report.runs:
        assert f"{run.total.conformant:,} conformant of {run.asked:,} asked, " in shown
        for op in report.operations:
            tally = run.operation(op)
            assert not tally.posed or f"{tally.conformant:,}/{tally.asked:,}" in shown


def test_the_picture_in_the_page_is_the_map_of_the_record(made: tuple[Path, Page]) -> None:
    path, page = made
    urls = {attributes["href"] for attributes in page.all("image")}
    shown = [verdict for verdict in record.read([path]).findings if verdict.map]
    assert {views.pictured(verdict.map, verdict).url for verdict in shown if verdict.map} <= urls
    assert all(url is not None and url.startswith("data:image/png;base64,") for url in urls)


def test_the_worst_element_is_marked_only_where_it_lies_in_the_plane() -> None:
    plane = ErrorMap(shape=(4, 6), cells=bytes(24), index=(1, 2), axes=("H", "W"))
    places = {(1, 2, 3, 5): (3, 5), (1, 3, 3, 5): None, (1, 2, 4, 5): None, (1, 2): None, (1, 2, 3): (0, 3), (1, 2, 0, 0, 0): None}
    for index, place in places.items():
        verdict = Verdict(
            adapter="a", op="conv", route="r", case="c", dtype="d", grade="wrong", finding=True, worst=Worst(index=index)
        )
        assert views.pictured(plane, verdict).worst == place


def test_an_incomplete_run_says_so_before_anything_else(tmp_path: Path) -> None:
    path = Made(cases=4, ends=False, stops_after=300).write(tmp_path / "run.jsonl")
    page = page_of(tmp_path / "report.html", path)
    asked = model.summarise(record.read([path])).asked
    told = re.sub(r"\s+", " ", page.text)
    assert "Not complete. scipy, torch" in told
    assert f"{asked - 300:,} of {asked:,} questions have no verdict" in told
    assert told.index("Not complete.") < told.index("Who was asked")


def test_findings_beyond_the_cap_are_listed_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_IN_FULL", 10)
    path = Made(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl")
    findings = record.read([path]).findings
    page = page_of(tmp_path / "report.html", path)
    cards = [attributes for attributes in page.all("article") if str(attributes.get("id")).startswith("f")]
    lines = re.findall(r"<li>[^<]+ <b>", (tmp_path / "report.html").read_text())
    assert len(cards) == 10
    assert len(lines) == len(findings) - 10
    assert all(verdict.case in page.text for verdict in findings)
    assert f"10 findings are shown in full, the other {len(findings) - 10:,} as a line each" in page.text


def test_the_first_of_every_group_comes_before_the_second_of_any(tmp_path: Path) -> None:
    report = model.summarise(record.read([Made(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl")]))
    count = len(report.findings)
    chosen = views.in_full(report.findings, views.Budget(count, 10**9))
    assert chosen == {group.verdicts[0].key for group in report.findings}


def test_a_script_too_long_for_the_page_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "LONGEST_SCRIPT", 30)
    page = page_of(tmp_path / "report.html", Made(cases=2, wrong_share=0.1).write(tmp_path / "run.jsonl"))
    assert "Its script is too long to be shown here" in page.text
    assert not page.all("pre")


def test_nothing_from_a_record_becomes_markup(tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl"))
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) == 1
    assert not page.all("img")
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}" in page.text
    assert "<script>alert(5)</script>" in page.text
    assert "\u202e" not in page.text


def test_every_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl"))
    # What the page has no place for: what the cases pose is counted, not listed.
    unshown = {("case", "dtypes"), ("case", "operations")}
    shown = 0
    for line in hostile.lines():
        for name, text in hostile.texts(line):
            if (line["kind"], name) not in unshown:
                start = text.removesuffix(hostile.PAYLOAD) + hostile.PAYLOAD[:5]
                assert start in page.text, (line["kind"], name)
                shown += 1
    assert shown > 60


def test_only_addresses_of_the_web_become_links(tmp_path: Path) -> None:
    bad = page_of(tmp_path / "report.html", hostile.write(tmp_path / "run.jsonl"))
    assert all(str(attributes["href"]).startswith("#") for attributes in bad.all("a"))
    good = page_of(tmp_path / "good.html", Made(cases=12, wrong_share=0.3).write(tmp_path / "good.jsonl"))
    outside = {str(attributes["href"]) for attributes in good.all("a") if not str(attributes["href"]).startswith("#")}
    assert "https://example.org/issues/4069" in outside
    assert all(re.fullmatch(r"https://example\.org/issues/\d+", address) for address in outside)


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
    assert words.safe_link(link) == (link if safe else "")


def test_the_page_loads_nothing(made: tuple[Path, Page]) -> None:
    _, page = made
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form") or (tag == "form" and "action" not in attributes)
        assert "src" not in attributes
        assert "srcset" not in attributes
        assert tag not in ("image", "use") or re.match(r"data:image/png;base64,|#i-", str(attributes["href"]))
    style, script = ((html.TEMPLATES / name).read_text() for name in ("report.css", "report.js"))
    assert not re.search(r"url\(|@import|https?:|//[a-z]", style)
    assert not re.search(r"fetch|XMLHttp|import\(|https?:|innerHTML|eval|insertAdjacent", script)


def test_the_policy_allows_our_style_and_script_alone(made: tuple[Path, Page]) -> None:
    path, page = made
    (policy,) = [str(tag["content"]) for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    source = (path.parent / "report.html").read_text()
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_ids_are_unique_and_every_link_inside_leads_somewhere(made: tuple[Path, Page]) -> None:
    _, page = made
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inside = {str(attributes["href"])[1:] for attributes in page.all("a") if str(attributes["href"]).startswith("#")}
    assert inside <= set(ids)
    assert {str(attributes["href"])[1:] for attributes in page.all("use")} <= set(ids)


@pytest.mark.parametrize(
    ("bias", "leans"), [(None, False), (3.9, False), (-8.0, False), (465.0, True), (-465.0, True), (math.nan, True)]
)
def test_errors_lean_to_one_side_beyond_z_of_eight(bias: float | None, leans: bool) -> None:
    assert views.leaning(bias) is leans


def test_an_accumulator_that_stagnates_is_told_under_precision(tmp_path: Path) -> None:
    path = Made(cases=1, wrong_share=0.0).write(tmp_path / "run.jsonl")
    assert "lean to one side" not in page_of(tmp_path / "report.html", path).text
    last = next(iter(record.verdicts(path)))
    with Writer(path, append=True) as writer:
        writer.write(last | {"bias": -465.2})
    assert "errors lean to one side: z = 465" in page_of(tmp_path / "report.html", path).text


def test_problems_with_the_record_are_on_the_page(tmp_path: Path) -> None:
    path = Made(cases=2).write(tmp_path / "run.jsonl")
    with path.open("a") as file:
        file.write('{"kind": "verdict"}\n{"half')
    page = page_of(tmp_path / "report.html", path)
    lines = len(path.read_text().splitlines())
    assert f"{path}, line {lines - 1:,} verdict: adapter is missing" in page.text
    assert f"{path}, line {lines:,} cut off" in page.text


def test_a_clean_run_says_that_nothing_was_found(tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", Made(cases=3, wrong_share=0.0).write(tmp_path / "run.jsonl"))
    assert "no findings" in page.text
    assert "Nothing was found" in page.text
    assert "Problems with the records" not in page.text


def test_changes_against_a_baseline_are_on_the_page(tmp_path: Path) -> None:
    before = Made(cases=5, wrong_share=0.0).write(tmp_path / "before.jsonl")
    after = Made(cases=7, wrong_share=0.02).write(tmp_path / "after.jsonl")
    page = page_of(tmp_path / "report.html", after, baseline=before)
    told = re.sub(r"\s+", " ", page.text)
    assert "Against the baseline" in told
    assert "The two runs do not have the same cases: 2 only in this run, 0 only in the baseline." in told


def test_a_baseline_that_is_no_record_is_an_error(tmp_path: Path) -> None:
    path = Made(cases=1).write(tmp_path / "run.jsonl")
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(RecordError, match=r"notes.txt is no run record"):
        write_html([path], tmp_path / "report.html", baseline=[tmp_path / "notes.txt"])


def test_forty_thousand_verdicts_make_a_small_page_in_seconds(tmp_path: Path) -> None:
    path = Made(cases=220).write(tmp_path / "run.jsonl")
    started = time.perf_counter()
    write_html([path], tmp_path / "report.html")
    assert time.perf_counter() - started < 20
    assert (tmp_path / "report.html").stat().st_size < 2_000_000
    assert len(record.read([path]).verdicts) > 40_000


def test_thousands_of_findings_are_all_listed_and_the_page_stays_small(tmp_path: Path) -> None:
    path = Made(cases=60, wrong_share=0.9).write(tmp_path / "run.jsonl")
    findings = record.read([path]).findings
    write_html([path], tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text()
    assert len(findings) > 8_000
    assert len(re.findall(r"<li>[^<]+ <b>", source)) + source.count('<article class="card finding" id="f') == len(findings)
    assert len(source) < 5_000_000
