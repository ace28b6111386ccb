"""A badge for a README: an SVG of its own that needs no service, or the JSON from which shields.io draws one."""

import json
import unicodedata
from html import escape
from pathlib import Path
from typing import NamedTuple

from convformance.reports.formatting import describe_stale, one_line, plural, shorten, visible
from convformance.reports.record import Records, Source, load

LONGEST_LABEL = 60
# Backgrounds on which white text has a contrast of at least 4.5 (WCAG 2, level AA).
LABEL, GREEN, RED, AMBER = "#444c56", "#1a7237", "#b02a20", "#6a5b10"
_MARGIN, _HEIGHT = 6, 20
_NARROW, _BROAD = " .,:;'|!()[]-fijlrt", "mwMW%@"
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" aria-label="{text}">
<title>{text}</title>
<rect width="{width}" height="{height}" rx="3" fill="{colour}"/>
<path d="M3 0h{flat}v{height}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="{label_colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">
<text x="{margin}" y="14" textLength="{label_width}" lengthAdjust="spacingAndGlyphs">{label}</text>
<text x="{start}" y="14" textLength="{message_width}" lengthAdjust="spacingAndGlyphs">{message}</text>
</g>
</svg>
"""


class Badge(NamedTuple):
    """What a badge says: the label on its left, the message on its right and the colour behind that."""

    label: str
    message: str
    colour: str


def write_badge(records: Source, path: str | Path) -> None:
    """Write the badge of ``records`` (paths, or records already read): JSON when ``path`` ends in .json, else SVG.

    Raises RecordError for a file that is no record, OSError when ``path`` cannot be written.
    """
    badge = badge_of(load(records))
    Path(path).write_text(endpoint(badge) if Path(path).suffix == ".json" else svg(badge), encoding="utf-8")


def badge_of(records: Records) -> Badge:
    """Return what the badge says: findings in how many verdicts; red for findings, green only for a complete run."""
    runs = [state.run for state in records.runs.values()]
    framework = f" {runs[0].framework} {runs[0].framework_version}" if len(runs) == 1 else ""
    label = shorten(one_line(visible(f"convformance{framework}")), LONGEST_LABEL)
    findings, stale = len(records.findings), records.stale
    parts = [plural(findings, "finding") if findings else "no findings"]
    parts += [describe_stale(stale, "divergence")] if stale else []
    parts += [] if records.complete else ["not complete"]
    message = f"{', '.join(parts)} in {plural(len(records.verdicts), 'verdict')}"
    return Badge(label, message, RED if findings or stale else GREEN if records.complete else AMBER)


def endpoint(badge: Badge) -> str:
    """Return the badge as the JSON of a shields.io endpoint (https://shields.io/badges/endpoint-badge)."""
    texts = {"label": badge.label, "message": badge.message}
    return json.dumps({"schemaVersion": 1, **texts, "color": badge.colour, "labelColor": LABEL}) + "\n"


def svg(badge: Badge) -> str:
    """Return the badge as SVG; the width of each text is an estimate that the drawing is made to keep."""
    label_width, message_width = _width(badge.label), _width(badge.message)
    split = label_width + 2 * _MARGIN
    return _SVG.format(
        width=split + message_width + 2 * _MARGIN,
        height=_HEIGHT,
        text=escape(f"{badge.label}: {badge.message}"),
        colour=badge.colour,
        label_colour=LABEL,
        flat=split - 3,
        margin=_MARGIN,
        start=split + _MARGIN,
        label=escape(badge.label),
        message=escape(badge.message),
        label_width=label_width,
        message_width=message_width,
    )


def _width(text: str) -> int:
    """Return about how many pixels ``text`` is wide at 11 pixels to the em."""
    return round(sum(map(_advance, text)))


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 12.0
    return 4.3 if character in _NARROW else 10.2 if character in _BROAD else 7.0
