"""The result as HTML: a fragment for notebooks, or a whole page; self-contained, every text escaped."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from convformance.checking import text
from convformance.reports.lines import ErrorMap, as_error_map
from convformance.reports.picture import PALETTE

if TYPE_CHECKING:
    from convformance.checking.result import Findings
    from convformance.judging.diagnosis import Diagnosis

_STYLE = (
    "font:14px/1.5 system-ui,sans-serif;max-width:60em",
    "font:13px/1.4 ui-monospace,monospace;margin:0;white-space:pre-wrap",
    "vertical-align:top;padding:2px 12px 2px 0;text-align:left",
)
_PIXELS = 6  # pixels an element has at least
_LARGEST = 320


def fragment(found: "Findings", *, ok: bool) -> str:
    """Return the result as one element."""
    colour = "#1a7f37" if ok else "#b3261e"
    parts = [f'<p style="font-weight:600;color:{colour}">{escape(text.headline(found))}</p>']
    for operation in found.operations:
        for diagnosis in found.diagnosed.get(operation, ())[:3]:
            parts += _diagnosis(diagnosis, operation if len(found.operations) > 1 else "")
    if found.smallest is not None:
        parts += _case(found.smallest)
    parts += [*_picture(found.verdicts), *_asked(found)]
    return f'<div style="{_STYLE[0]}">{"".join(parts)}</div>'


def whole(found: "Findings", *, ok: bool) -> str:
    """Return the result as a page."""
    title = escape(f"{found.name}: {'right' if ok else 'not right'}")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{fragment(found, ok=ok)}</body></html>\n'


def _diagnosis(diagnosis: "Diagnosis", operation: str) -> Iterator[str]:
    lines = [escape(line.strip()) for line in text.described(diagnosis)]
    label = f"{escape(operation)}: " if operation else ""
    yield f"<p><b>{label}{lines[0]}</b><br>{'<br>'.join(lines[1:])}</p>"


def _case(smallest: Mapping[str, Any]) -> Iterator[str]:
    rows = {
        **smallest["operands"],
        "answer": smallest["got"],
        "truth": smallest["want"],
        "difference": smallest["difference"],
    }
    if smallest["error"]:
        rows["error"] = smallest["error"]
    cells = "".join(_row(name, _array(held)) for name, held in rows.items() if held is not None)
    yield f"<p>Smallest failing case: <code>{escape(smallest['call'])}</code></p><table>{cells}</table>"


def _row(name: str, words: str) -> str:
    pre = f'<pre style="{_STYLE[1]}">{escape(words)}</pre>'
    return f'<tr><th style="{_STYLE[2]}">{escape(name)}</th><td style="{_STYLE[2]}">{pre}</td></tr>'


def _array(numbers: Any) -> str:
    """Return nested lists with the rows of a plane below each other."""
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], list):
        return "[" + "\n ".join(_array(entry).replace("\n", "\n ") for entry in numbers) + "]"
    return text.plain(numbers)


def _picture(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the error picture of the largest wrong answer."""
    mapped = [verdict for verdict in verdicts if verdict["finding"] and verdict["map"]]
    if not mapped:
        return
    shown = mapped[-1]
    told = escape(f"{shown['call']}: {shown['message']}")
    yield (
        f'<figure style="margin:1em 0">{_drawn(as_error_map(shown["map"]), told)}'
        f"<figcaption>The error in one plane of the result: white is exact, blue within the bound, amber to red beyond it, "
        f"violet not finite. {told}</figcaption></figure>"
    )


def _drawn(plane: ErrorMap, told: str) -> str:
    """Return the plane as a drawing, a square an element."""
    rows, columns = plane.shape
    scale = max(_PIXELS, min(24, _LARGEST // max(rows, columns)))
    cells = (
        f'<rect x="{place % columns}" y="{place // columns}" width="1" height="1" fill="rgb{PALETTE[cell]}"/>'
        for place, cell in enumerate(plane.cells)
    )
    size = f'viewBox="0 0 {columns} {rows}" width="{columns * scale}" height="{rows * scale}"'
    style = "border:1px solid #8888;shape-rendering:crispEdges"
    return f'<svg {size} style="{style}" role="img" aria-label="{told}">{"".join(cells)}</svg>'


def _asked(found: "Findings") -> Iterator[str]:
    yield f"<p>Asked: {escape(found.asked)}</p>"
    if found.not_asked:
        yield f"<p>Not asked: {escape('; '.join(found.not_asked))}</p>"
    yield from (f"<p>Remark: {escape(remark)}</p>" for remark in found.remarks)
