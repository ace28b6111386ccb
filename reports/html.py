"""The HTML report: one file that needs nothing else, whose policy lets nothing load and no other script run."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from convformance.reports import (
    arguments,
    compare,
    model,
    packing,
    payload,
    proposals,
    version_texts,
    versions,
    views,
)
from convformance.reports.compare import Comparison
from convformance.reports.formatting import describe_stale, plural, safe_link, shorten, visible
from convformance.reports.model import Report
from convformance.reports.record import Source, load

TEMPLATES = Path(__file__).parent / "templates"
MOST_CAUSES = 20
MOST_PROBLEMS = 200
MOST_REFUSALS = 200
MOST_LISTED = 500

_IMPORT = re.compile(r'^import [^;]* from "\./([^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:const|class) (\w+)", re.MULTILINE)


def write_html(records: Source, path: str | Path, baseline: Source | None = None) -> None:
    """Write the report of ``records`` (paths, or records already read) to ``path``.

    With a baseline it says what changed. Raises RecordError for a file that is no record, OSError for a
    ``path`` that cannot be written.
    """
    loaded = load(records)
    comparison = None if baseline is None else compare.compare(loaded, load(baseline))
    Path(path).write_text(page(model.summarise(loaded), comparison), encoding="utf-8", errors="replace")


def page(report: Report, comparison: Comparison | None = None) -> str:
    """Return the page."""
    style, script = _template("report.css"), bundle()
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            comparison=comparison,
            histories=versions.histories(report.records),
            most_causes=MOST_CAUSES,
            most_problems=MOST_PROBLEMS,
            most_refusals=MOST_REFUSALS,
            most_listed=MOST_LISTED,
            data=Markup(packing.packed(payload.payload(report, comparison))),
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
        )
    )


@cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _in_order(name: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return ``before`` and the module ``name``, with the modules that it imports ahead of it."""
    for imported in _IMPORT.findall(_template(name)):
        before = before if imported in before else _in_order(imported, before)
    return (*before, name)


MODULES = _in_order("main.js")


def bundle() -> str:
    """Return the page's modules as one script: what one exports, those after it see; all else it keeps to itself."""
    return "".join(f"// {name}\n{_enclosed(_template(name))}" for name in MODULES)


def _enclosed(module: str) -> str:
    exported = ", ".join(_EXPORT.findall(module))
    body = _IMPORT.sub("", module).replace("\nexport ", "\n")
    return f"const {{ {exported} }} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


@cache
def environment() -> jinja2.Environment:
    """Return what renders the templates: everything is escaped, and characters that could hide text are shown."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_with_visible_characters,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (views.address, views.breakable, views.counts, views.names, views.tone, views.verdict_address):
        templates.filters[function.__name__] = function
    templates.filters |= {
        "short": shorten,
        "n": "{:,}".format,
        "plural": plural,
        "stale": describe_stale,
        "safe_link": safe_link,
    }
    templates.globals["views"] = views
    templates.globals["arguments"] = arguments
    templates.globals["version_texts"] = version_texts
    templates.globals["proposals"] = proposals
    return templates


def _with_visible_characters(value: Any) -> Any:
    # Markup is a subclass of str that is ours, and safe already.
    return visible(value) if type(value) is str else value


def policy(style: str, script: str) -> str:
    """Return the content security policy: nothing loads, and no style or script applies but ours."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
