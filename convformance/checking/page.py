"""The result as HTML: a fragment for notebooks, or a whole page; self-contained, every text escaped."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from convformance.checking import text
from convformance.checking.findings import CheckVerdict, Findings
from convformance.checking.headline import headline
from convformance.judging.diagnosis import Diagnosis
from convformance.reports.error_map import ErrorMap
from convformance.reports.picture import PALETTE

_BODY = "font:14px/1.5 system-ui,sans-serif;max-width:60em"
_NUMBERS = "font:13px/1.4 ui-monospace,monospace;margin:0;white-space:pre-wrap"
_CELL = "vertical-align:top;padding:2px 12px 2px 0;text-align:left"
_DIAGNOSES = 3  # of one operation
_LEAST_PIXELS, _MOST_PIXELS = 6, 24  # that an element is wide
_PLANE_PIXELS = 320


def fragment(findings: Findings) -> str:
    """Return the result as one element."""
    colour = "#1a7f37" if findings.ok else "#b3261e"
    parts = [f'<p style="font-weight:600;color:{colour}">{escape(headline(findings))}</p>']
    if findings.not_asked:
        parts.append(f"<p>Not asked: {escape('; '.join(findings.not_asked))}</p>")
    for operation in findings.operations:
        label = f"{escape(operation)}: " if len(findings.operations) > 1 else ""
        for diagnosis in findings.diagnoses.get(operation, ())[:_DIAGNOSES]:
            parts += _diagnosis(diagnosis, label)
    parts += [f"<p>{escape(line.strip())}</p>" for line in text.besides(findings)]
    for smallest in findings.smallest_cases.values():
        parts += _case(smallest)
    parts += [*_picture(findings.verdicts), *_asked(findings)]
    return f'<div style="{_BODY}">{"".join(parts)}</div>'


def document(findings: Findings) -> str:
    """Return the result as a page."""
    title = escape(f"{findings.name}: {'right' if findings.ok else 'not right'}")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{fragment(findings)}</body></html>\n'


def _diagnosis(diagnosis: Diagnosis, label: str) -> Iterator[str]:
    lines = [escape(line.strip()) for line in text.diagnosis_lines(diagnosis)]
    if lines:
        yield f"<p><b>{label}{lines[0]}</b><br>{'<br>'.join(lines[1:])}</p>"


def _case(smallest: Mapping[str, Any]) -> Iterator[str]:
    rows = {name: _rows_below_each_other(numbers) for name, numbers in text.arrays_of(smallest).items()}
    if smallest["error"]:
        rows["error"] = smallest["error"]
    table = "".join(_row(name, entry) for name, entry in rows.items())
    call = escape(smallest["call"])
    yield f"<p>Smallest failing case: <code>{call}</code></p><table>{table}</table>"


def _row(name: str, entry: str) -> str:
    numbers = f'<pre style="{_NUMBERS}">{escape(entry)}</pre>'
    return f'<tr><th style="{_CELL}">{escape(name)}</th><td style="{_CELL}">{numbers}</td></tr>'


def _rows_below_each_other(numbers: Any) -> str:
    """Return nested lists in square brackets, with the rows of a plane below each other."""
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], list):
        return "[" + "\n ".join(_rows_below_each_other(entry).replace("\n", "\n ") for entry in numbers) + "]"
    return text.format_array(numbers)


def _picture(verdicts: Sequence[CheckVerdict]) -> Iterator[str]:
    """Yield the error picture of the largest wrong answer, which is the last."""
    for answered in reversed(verdicts):
        if answered.verdict.finding and answered.verdict.map:
            caption = escape(f"{answered.call}: {answered.verdict.message}")
            yield (
                f'<figure style="margin:1em 0">{_plane(answered.verdict.map, caption)}'
                "<figcaption>The error in one plane of the result: white is exact, blue within the bound, "
                f"amber to red beyond it, violet not finite. {caption}</figcaption></figure>"
            )
            return


def _plane(error_map: ErrorMap, caption: str) -> str:
    """Return the plane as a drawing, a square an element."""
    rows, columns = error_map.shape
    pixels = max(_LEAST_PIXELS, min(_MOST_PIXELS, _PLANE_PIXELS // max(rows, columns)))
    squares = (
        f'<rect x="{index % columns}" y="{index // columns}" width="1" height="1" fill="rgb{PALETTE[cell]}"/>'
        for index, cell in enumerate(error_map.cells)
    )
    size = f'viewBox="0 0 {columns} {rows}" width="{columns * pixels}" height="{rows * pixels}"'
    style = "border:1px solid #8888;shape-rendering:crispEdges"
    return f'<svg {size} style="{style}" role="img" aria-label="{caption}">{"".join(squares)}</svg>'


def _asked(findings: Findings) -> Iterator[str]:
    yield f"<p>Asked: {escape(findings.asked)}</p>"
    yield from (f"<p>Remark: {escape(remark)}</p>" for remark in findings.remarks)
