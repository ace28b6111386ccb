"""The HTML report: one file that needs nothing else, whose policy lets nothing run but its own script and load nothing at all."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from convformance.judging.grades import GRADES
from convformance.reports import compare, model, packing, payload, views
from convformance.reports.compare import Comparison
from convformance.reports.formatting import (
    SENTENCES,
    dtypes_in_order,
    operations_in_order,
    plural,
    safe_link,
    shorten,
    visible,
)
from convformance.reports.model import Report
from convformance.reports.record import Records, read

TEMPLATES = Path(__file__).parent / "templates"
MODULES = (
    "dom.js",
    "data.js",
    "address.js",
    "query.js",
    "list.js",
    "geometry.js",
    "maps.js",
    "arrays.js",
    "detail.js",
    "groups.js",
    "verdicts.js",
    "case.js",
    "precision.js",
    "theme.js",
    "main.js",
)
MOST_PROBLEMS = 200
MOST_LISTED = 500

_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:const|class) (\w+)", re.MULTILINE)

Source = Records | Iterable[str | Path]


def load(source: Source) -> Records:
    """Return ``source``, read when it is paths. Raises RecordError for what is no record."""
    return source if isinstance(source, Records) else read(source)


def write_html(records: Source, path: str | Path, baseline: Source | None = None) -> None:
    """Write the report of ``records`` (paths, or records already read) to ``path``; with a baseline it says what changed.

    Raises RecordError for a file that is no record, OSError when ``path`` cannot be written.
    """
    loaded = load(records)
    comparison = None if baseline is None else compare.compare(loaded, load(baseline))
    Path(path).write_text(page(model.summarise(loaded), comparison), encoding="utf-8", errors="replace")


def page(report: Report, comparison: Comparison | None = None) -> str:
    """Return the page."""
    style, script = _own("report.css"), bundle(MODULES)
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            comparison=comparison,
            features=views.feature_table(report),
            diagnosed=views.diagnosed(report),
            refusals=views.refusal_views(report),
            refusals_left=views.refusals_left(report),
            tiles=views.tiles(report),
            tabs=_tabs(report, comparison),
            headline=headline(report),
            lead=lead(report),
            silent=silent(report),
            shared=views.shared_identity(report.runs),
            legend=[(grade, SENTENCES[grade]) for grade in GRADES],
            problems=report.problems[:MOST_PROBLEMS],
            listed=MOST_LISTED,
            data=Markup(packing.packed(payload.payload(report, comparison))),
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
        )
    )


def bundle(names: Sequence[str]) -> str:
    """Return some modules as one: each keeps its own names to itself but for what it exports, which those after it see."""
    return "".join(f"// {name}\n{_enclosed(_own(name))}" for name in names)


def _enclosed(module: str) -> str:
    exported = ", ".join(_EXPORT.findall(module))
    body = _IMPORT.sub("", module).replace("\nexport ", "\n")
    return f"const {{ {exported} }} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


@cache
def environment() -> jinja2.Environment:
    """Return the templates' environment: everything is escaped, nothing undefined passes, hidden characters become visible."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    from_views = (
        views.tone,
        views.segments,
        views.other_counts,
        views.by_operation,
        views.identity,
        views.counts,
        views.breakable,
        views.names,
    )
    templates.filters |= {function.__name__: function for function in (*from_views, views.address)}
    templates.filters |= {"short": shorten, "n": "{:,}".format, "plural": plural, "safe_link": safe_link}
    templates.globals |= {"terms": views.terms}
    return templates


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


@cache
def _own(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Return the content security policy: nothing loads, only pictures in the page are shown, only our style and script apply."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def headline(report: Report) -> str:
    """Return the outcome in a few words."""
    if not report.total.verdict_count:
        return "no verdicts"
    return plural(report.total.findings, "finding") if report.total.findings else "no findings"


def lead(report: Report) -> str:
    """Return who answered how much of what."""
    runs = [run.state.run for run in report.runs]
    tiers = " and ".join(sorted({run.tier for run in runs if run.tier}))
    suites = " and ".join(sorted({run.suite for run in runs if run.suite}))
    cases = f"{plural(len(report.records.cases), 'case')} in {plural(len(report.families), 'family', 'families')}"
    answered = (
        f"{plural(len(runs), 'adapter')} gave {report.total.verdict_count:,} verdicts on {report.asked:,} questions"
    )
    return f"{answered}: {cases}, tier {tiers or 'not stated'}, suite {suites or 'not stated'}."


def silent(report: Report) -> list[str]:
    """Return the operations and dtypes that the cases pose and on which no run has a verdict."""
    posed = {op for case in report.records.cases.values() for op in case.operations} - set(report.operations)
    dtypes = {dtype for case in report.records.cases.values() for dtype in case.dtypes} - set(report.dtypes)
    return [*operations_in_order(posed), *dtypes_in_order(dtypes)]


def _tabs(report: Report, comparison: Comparison | None) -> list[dict[str, Any]]:
    """Return the views of the page, with a count where one says something."""
    tabs: list[tuple[str, str, int | None]] = [
        ("overview", "Overview", None),
        ("features", "By feature", None),
        ("findings", "Findings", report.total.findings),
        ("known", "Known", len(report.known)),
        ("precision", "Precision", None),
        ("compare", "Compare", None),
        ("verdicts", "All verdicts", report.total.verdict_count),
    ]
    return [
        {"view": view, "name": name, "count": count}
        for view, name, count in tabs
        if view != "compare" or comparison is not None
    ]
