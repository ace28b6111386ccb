"""The lines of a run record (JSON Lines, schema 1): one frozen value per kind, made of parsed JSON that nobody vouches for.

Records travel between machines, so every field is checked. A bad value of a field without a default makes the line malformed; a bad
value of a field with one is noted and its default taken, so that a verdict is never lost for a picture that cannot be read.
"""

import base64
import binascii
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_type_hints

SCHEMA = 1
OPERATIONS = (
    "conv",
    "conv_input_grad",
    "conv_filter_grad",
    "conv_bias_grad",
    "conv_transpose",
    "conv_transpose_input_grad",
    "conv_transpose_filter_grad",
)
DTYPES = ("float64", "float32", "float16", "bfloat16")
GRADES = ("conformant", "low-precision", "componentwise", "norm-wise", "wrong", "refused", "crashed", "timed-out", "error")
LARGEST_MAP = 4096

Key = tuple[str, str, str, str, str]
Check = Callable[[Any], Any]
L = TypeVar("L")


class Malformed(ValueError):
    """A line, or a field of it, that does not hold what its kind promises; the message says what."""


def as_text(value: Any) -> str:
    """Return ``value`` when it is text."""
    if not isinstance(value, str):
        raise Malformed("is no text")
    return value


def as_grade(value: Any) -> str:
    """Return ``value`` when it is a grade."""
    if value not in GRADES:
        raise Malformed(f"is no grade; allowed: {', '.join(GRADES)}")
    return as_text(value)


def as_flag(value: Any) -> bool:
    """Return ``value`` when it is true or false."""
    if not isinstance(value, bool):
        raise Malformed("is neither true nor false")
    return value


def as_integer(value: Any) -> int:
    """Return ``value`` when it is an integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("is no integer")
    return value


def as_count(value: Any) -> int:
    """Return ``value`` when it is an integer from 0 on."""
    if as_integer(value) < 0:
        raise Malformed("is negative")
    return cast(int, value)


def as_number(value: Any) -> float:
    """Return ``value`` as a float; records write what JSON cannot as the texts nan, inf and -inf."""
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed("is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise Malformed("is beyond every float") from error


def listed(check: Check) -> Check:
    """Return the check of a list whose entries pass ``check``."""

    def entries(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Malformed("is no list")
        return tuple(check(entry) for entry in value)

    return entries


def mapped(check: Check) -> Check:
    """Return the check of an object whose values pass ``check``."""

    def entries(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Malformed("is no object")
        return {as_text(name): check(entry) for name, entry in value.items()}

    return entries


def nullable(check: Check) -> Check:
    """Return ``check`` with null let through."""
    return lambda value: None if value is None else check(value)


def as_shown(value: Any) -> str:
    """Return ``value`` as text, whatever it is: for the values of modes, which are an adapter's own affair."""
    return value if isinstance(value, str) else str(value)


def as_pairs(value: Any) -> tuple[tuple[int, int], ...]:
    """Return ``value`` when it is a list of (lo, hi) pairs."""
    found = listed(as_size)(value)
    if any(len(pair) != 2 for pair in found):
        raise Malformed("holds an entry that is no pair")
    return cast(tuple[tuple[int, int], ...], found)


def as_padding(value: Any) -> tuple[tuple[int, int], ...] | str:
    """Return ``value`` when it is a padding symbol or a list of pairs."""
    return value if isinstance(value, str) else as_pairs(value)


def as_bytes(value: Any) -> bytes:
    """Return the bytes that ``value`` holds in base64."""
    try:
        return base64.b64decode(as_text(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("is no base64") from error


as_size: Check = listed(as_integer)
as_texts: Check = listed(as_text)

Text = Annotated[str, as_text]
Texts = Annotated[tuple[str, ...], as_texts]
Grade = Annotated[str, as_grade]
Flag = Annotated[bool, as_flag]
Integer = Annotated[int, as_integer]
Count = Annotated[int, as_count]
Number = Annotated[float, as_number]
Size = Annotated[tuple[int, ...], as_size]
Pairs = Annotated[tuple[tuple[int, int], ...], as_pairs]
PerAxis = Annotated[tuple[tuple[int, int], ...] | str, as_padding]
Cells = Annotated[bytes, as_bytes]
MaybeText = Annotated[str | None, nullable(as_text)]
MaybeTexts = Annotated[tuple[str, ...] | None, nullable(as_texts)]
MaybeGrade = Annotated[str | None, nullable(as_grade)]
MaybeNumber = Annotated[float | None, nullable(as_number)]
Mode = Annotated[Mapping[str, str], mapped(as_shown)]
Routes = Annotated[Mapping[str, tuple[str, ...]], mapped(as_texts)]


def nested(kind: type[L]) -> Check:
    """Return the check of an object that holds the fields of ``kind``, all of them sound."""

    def entry(value: Any) -> L:
        notes: list[str] = []
        made = parse(kind, value, notes)
        if notes:
            raise Malformed("; ".join(notes))
        return made

    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A known divergence as its adapter declares it."""

    name: Text
    reason: Text = ""
    covers: Text = ""
    link: Text = ""
    versions: MaybeTexts = None
    grades: Texts = ()
    operations: Texts = ()
    routes: Texts = ()


KnownList = Annotated[tuple[Known, ...], listed(nested(Known))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The identity of one adapter's run; ``asked`` counts its questions, ``routes`` names its routes by operation."""

    adapter: Text
    suite: Text = ""
    framework: Text = ""
    framework_version: Text = ""
    mode: Mode = field(default_factory=dict)
    device: Text = ""
    platform: Text = ""
    python: Text = ""
    numpy: Text = ""
    started: Text = ""
    tier: Text = ""
    asked: Count = 0
    routes: Routes = field(default_factory=dict)
    known: KnownList = ()

    def identity(self) -> tuple[object, ...]:
        """Return what makes two runs of one adapter the same run, interrupted and resumed."""
        machine = self.device, self.platform, self.python, self.numpy
        return self.suite, self.framework, self.framework_version, tuple(sorted(self.mode.items())), *machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An adapter that could not be asked, and why."""

    adapter: Text
    reason: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case: every parameter under its public name, sizes in elements per spatial axis."""

    id: Text
    operations: Texts
    dtypes: Texts
    family: Text = ""
    catches: Text = ""
    tier: Text = ""
    input_size: Size = ()
    kernel_size: Size = ()
    stride: Size = ()
    padding: PerAxis = ()
    padding_pairs: Pairs = ()
    dilation: Size = ()
    groups: Integer = 1
    batch: Integer = 1
    in_channels: Integer = 1
    out_channels: Integer = 1
    bias: Flag = False
    memory: Text = ""
    special: Text = ""
    source: Text = ""
    seed: Integer = 0
    output_size: Size = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The worst element: where, what the framework gave, the truth, and the error that was allowed."""

    fill: Text = ""
    index: Size = ()
    got: MaybeNumber = None
    want: MaybeNumber = None
    bound: MaybeNumber = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How an error is spread: how many elements of how many, in which channels, and in words."""

    wrong: Count = 0
    of: Count = 0
    channels: Size = ()
    words: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMap:
    """The error on one plane of the result: a byte an element, ``shape`` of them, rows first.

    0 is exact; 1 to 254 are error / bound in log scale, 128 the bound itself; 255 is not finite, or a mask that differs. ``index``
    are the leading indices of the plane, ``axes`` names its two axes.
    """

    shape: Size
    cells: Cells
    index: Size = ()
    axes: Texts = ()


def as_error_map(value: Any) -> ErrorMap:
    """Return ``value`` as an error map whose cells fill its shape; each side has 1 to 4096 cells."""
    found: ErrorMap = nested(ErrorMap)(value)
    if len(found.shape) != 2 or not all(1 <= side <= LARGEST_MAP for side in found.shape):
        raise Malformed(f"has the shape {list(found.shape)}; allowed: two sides of 1 to {LARGEST_MAP}")
    rows, columns = found.shape
    if len(found.cells) != rows * columns:
        raise Malformed(f"has {len(found.cells)} cells for {rows} x {columns}")
    return found


MaybeWorst = Annotated[Worst | None, nullable(nested(Worst))]
MaybeSpread = Annotated[Spread | None, nullable(nested(Spread))]
MaybeMap = Annotated[ErrorMap | None, nullable(as_error_map)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's answer; ``error`` is the share of grade 1's bound that was used (1.0 = all), ``finding`` what counts against."""

    adapter: Text
    op: Text
    route: Text
    case: Text
    dtype: Text
    grade: Grade
    finding: Flag
    exact: Flag = False
    error: MaybeNumber = None
    accumulator: MaybeText = None
    seconds: Number = 0.0
    message: Text = ""
    diagnosis: Texts = ()
    worst: MaybeWorst = None
    spread: MaybeSpread = None
    map: MaybeMap = None
    known: MaybeText = None
    documented: MaybeGrade = None
    bias: MaybeNumber = None
    script: MaybeText = None

    @property
    def key(self) -> Key:
        """What the verdict answers: adapter, operation, route, case, dtype."""
        return self.adapter, self.op, self.route, self.case, self.dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """What became of a known divergence: verdicts it covers, those that diverged, and whether none did (stale)."""

    adapter: Text
    name: Text
    matched: Count = 0
    diverged: Count = 0
    stale: Flag = False
    message: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last line of a run that was not cut off."""

    complete: Flag
    verdicts: Count = 0
    findings: Count = 0
    seconds: Number = 0.0


Line = Run | Missing | CaseLine | Verdict | Divergence | End
KINDS: dict[str, type[Line]] = {
    "run": Run,
    "missing": Missing,
    "case": CaseLine,
    "verdict": Verdict,
    "divergence": Divergence,
    "end": End,
}


def parse(kind: type[L], value: Any, notes: list[str]) -> L:
    """Return the JSON object ``value`` as a ``kind``; fields it does not know are left alone.

    What was bad but could be done without goes to ``notes``. Raises Malformed for what could not.
    """
    if not isinstance(value, dict):
        raise Malformed("is no object")
    found: dict[str, Any] = {}
    for declared, check in _fields(cast(Hashable, kind)):
        if declared.name in value:
            _take(declared, check, value[declared.name], found, notes)
        elif _required(declared):
            raise Malformed(f"{declared.name} is missing")
    return kind(**found)


def _take(declared: Field[Any], check: Check, value: Any, found: dict[str, Any], notes: list[str]) -> None:
    try:
        found[declared.name] = check(value)
    except Malformed as error:
        told = f"{declared.name} {error}: {excerpt(value)}"
        if _required(declared):
            raise Malformed(told) from error
        notes.append(told)


def _required(declared: Field[Any]) -> bool:
    return declared.default is MISSING and declared.default_factory is MISSING


@cache
def _fields(kind: Hashable) -> Sequence[tuple[Field[Any], Check]]:
    """Return the fields of a kind, each with the check its annotation names."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((declared, hints[declared.name].__metadata__[0]) for declared in fields(cast(Any, kind)))


def excerpt(value: object, length: int = 60) -> str:
    """Return the beginning of ``value`` as Python writes it, for messages."""
    written = repr(value[: 2 * length] if isinstance(value, str) else value)
    return written if len(written) <= length else written[: length - 1] + "…"
