"""How every report writes what it shows: counts, sizes, cases as sentences, and texts and links made safe to show."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from convformance.judging.grades import BY_NAME, GRADES, TABLE
from convformance.reference.dtypes import ALL_DTYPES
from convformance.reference.operation import OPERATIONS
from convformance.reports.fields import Pairs, Size
from convformance.reports.lines import CaseLine, Declared, Expectation, Run
from convformance.reports.machines import format_machine

RUN_NAMES = ("suite", "framework", "framework_version", "mode", "device", "platform", "python", "numpy", "tier")
TIMES = "\N{MULTIPLICATION SIGN}"
NOTHING = "\N{EN DASH}"
SYMBOLS = {grade.name: grade.symbol for grade in TABLE}
SENTENCES = {grade.name: grade.sentence for grade in TABLE}


def severity(grade: str) -> int:
    """Return the rank of a grade, 0 for the worst."""
    return BY_NAME[grade].severity


def in_order(names: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return ``names`` once each, those of ``order`` first and as there, others after them by name."""
    present = set(names)
    return (*(name for name in order if name in present), *sorted(present.difference(order)))


def operations_in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return operations in the order of their table."""
    return in_order(names, OPERATIONS)


def dtypes_in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return dtypes, the widest first."""
    return in_order(names, ALL_DTYPES)


def grades_in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return grades in the order of their table, conformant first."""
    return in_order(names, GRADES)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return ``count`` with its noun: ``1 finding``, ``1,204 findings``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def describe_stale(stale: Sequence[Declared], divergence: str = "known divergence") -> str:
    """Return how many of what is stale are known divergences, in the words ``divergence``, and expectations."""
    expectations = sum(isinstance(each, Expectation) for each in stale)
    counts = {f"stale {divergence}": len(stale) - expectations, "stale expectation": expectations}
    return ", ".join(plural(count, noun) for noun, count in counts.items() if count)


def percent(part: int, total: int) -> str:
    """Return ``part / total`` in per cent; 100 % and 0 % are said only where they are exact."""
    if not total:
        return NOTHING
    share = 100 * part / total
    if part in (0, total):
        return f"{share:.0f} %"
    return f"{min(max(share, 0.1), 99.9):.1f} %"


def format_number(value: float | None) -> str:
    """Return a value of the result with every digit it needs."""
    if value is None:
        return NOTHING
    return repr(value) if math.isfinite(value) else str(value)


def format_size(size: Size) -> str:
    """Return a size per axis: 7 × 6."""
    return f" {TIMES} ".join(str(entry) for entry in size) or NOTHING


def format_mode(options: Mapping[str, str]) -> str:
    """Return a mode as it would be typed: ``device=cpu, mkldnn=off``."""
    return ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def describe_run(run: Run) -> dict[str, str]:
    """Return what was asked, of whom and on which machine, as text under the record's names."""
    texts = {name: format_mode(run.mode) if name == "mode" else getattr(run, name) for name in RUN_NAMES}
    return {**texts, "machine": format_machine(run)}


def format_tuple(size: Size) -> str:
    """Return an index or a shape as NumPy writes it."""
    return "(" + ", ".join(str(entry) for entry in size) + ("," if len(size) == 1 else "") + ")"


def format_pairs(pairs: Pairs) -> str:
    """Return paddings per axis: 1 on both sides, or lo before and hi after."""
    return f" {TIMES} ".join(str(lo) if lo == hi else f"({lo}, {hi})" for lo, hi in pairs) or NOTHING


def format_padding(case: CaseLine) -> str:
    """Return the padding of a case: its symbol and what it resolves to, or the pairs."""
    resolved = format_pairs(case.padding_pairs)
    if not isinstance(case.padding, str):
        return format_pairs(case.padding)
    return f"{case.padding} = {resolved}" if case.padding_pairs else case.padding


def describe_case(case: CaseLine) -> str:
    """Return the geometry of a case as a sentence."""
    depth = case.in_channels // case.groups if case.groups > 0 else case.in_channels
    parts = [
        f"{plural(case.batch, 'sample')} of {plural(case.in_channels, 'channel')}, {format_size(case.input_size)}",
        f"{plural(case.out_channels, 'filter')} of {plural(depth, 'channel')}, {format_size(case.kernel_size)}",
        f"stride {format_size(case.stride)}",
        f"padding {format_padding(case)}",
        f"dilation {format_size(case.dilation)}",
        plural(case.groups, "group"),
        f"the border is {case.border}" if case.border not in ("", "zero") else "",
        "with bias" if case.bias else "",
        f"then {case.then.replace('_', ' ')}" if case.then else "",
        f"operands {case.memory}" if case.memory not in ("", "contiguous") else "",
        f"special values: {case.special}" if case.special else "",
        f"numbers at the ends of the range: {case.range}" if case.range else "",
    ]
    return (
        "; ".join(part for part in parts if part)
        + f". The result of the convolution is {format_size(case.output_size)}."
    )


def case_parameters(case: CaseLine) -> tuple[tuple[str, str], ...]:
    """Return every parameter of a case under its public name."""
    return (
        ("family", case.family),
        ("tier", case.tier),
        ("batch", str(case.batch)),
        ("in_channels", str(case.in_channels)),
        ("out_channels", str(case.out_channels)),
        ("input_size", format_tuple(case.input_size)),
        ("kernel_size", format_tuple(case.kernel_size)),
        ("stride", format_tuple(case.stride)),
        ("padding", case.padding if isinstance(case.padding, str) else format_pairs(case.padding)),
        ("padding_pairs", format_pairs(case.padding_pairs)),
        ("border", case.border or "zero"),
        ("dilation", format_tuple(case.dilation)),
        ("groups", str(case.groups)),
        ("output_size", format_tuple(case.output_size)),
        ("bias", "yes" if case.bias else "no"),
        ("then", case.then or "nothing"),
        ("memory", case.memory),
        ("special", case.special or "none"),
        ("zero_points", format_tuple(case.zero_points or (0, 0))),
        ("range", case.range or "ordinary"),
        ("seed", str(case.seed)),
    )


def safe_link(link: str) -> str:
    """Return ``link`` when it is an absolute http or https address that is safe to follow, otherwise an empty text."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    clean = link.isprintable() and not any(character.isspace() for character in link)
    return link if clean and parts.scheme in ("http", "https") and parts.netloc else ""


def shorten(text: str, length: int) -> str:
    """Return ``text`` cut to ``length`` characters, the cut marked."""
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one space."""
    return " ".join(text.split())


def without_numbers(text: str) -> str:
    """Return ``text`` with every number as ``#``, so that messages can be compared."""
    return re.sub(r"\d+", "#", text)


def visible(text: str) -> str:
    """Return ``text`` without what could hide or reorder it: control characters, surrogates, marks of direction."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    hidden = not character.isprintable() and character not in "\n\t  "
    return "\N{REPLACEMENT CHARACTER}" if hidden else character
