"""The lines of a run record (JSON Lines, schema 1): one frozen value for each kind of line.

Records travel between machines, so every field is checked. A bad value of a field without a default makes the line
malformed; a bad value of a field with one is noted and its default taken, so that no verdict is lost for a picture that
cannot be read. A new kind of line is a class here, an entry in KINDS, and what ``record`` does with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from convformance.reports.error_map import ErrorMap, as_error_map
from convformance.reports.fields import (
    Count,
    Counts,
    Flag,
    Grade,
    Integer,
    Malformed,
    MaybeGrade,
    MaybeNested,
    MaybeNumber,
    MaybeShared,
    MaybeText,
    MaybeTexts,
    Mode,
    Number,
    Operands,
    Pairs,
    PerAxis,
    Routes,
    Shared,
    Size,
    Text,
    Texts,
    listed,
    nested,
    nullable,
    parse,
    to_jsonable,
)
from convformance.reports.script_run import ScriptRun

SCHEMA = 1

# What a verdict answers, in the order of ``Verdict.key``.
KEY = ("adapter", "op", "route", "case", "dtype")
Key = tuple[str, str, str, str, str]
RouteKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A known divergence as its adapter declares it."""

    name: Text
    reason: Text = ""
    covers: Text = ""
    link: Text = ""
    versions: MaybeTexts = None
    machines: Text = ""
    grades: Texts = ()
    operations: Texts = ()
    routes: Texts = ()


KnownList = Annotated[tuple[Known, ...], listed(nested(Known))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a run ran: ``memory`` in bytes, ``variables`` those that change arithmetic, ``device`` what else computed.

    All of it is empty in the records of earlier versions.
    """

    architecture: Text = ""
    processor: Text = ""
    vendor: Text = ""
    microarchitecture: Text = ""
    features: Texts = ()
    cores: Count = 0
    memory: Count = 0
    variables: Mode = field(default_factory=dict)
    kind: Text = ""
    device: Mode = field(default_factory=dict)

    def identity(self) -> tuple[object, ...]:
        """Return what tells two machines from each other."""
        pairs = (tuple(sorted(values.items())) for values in (self.variables, self.device))
        return self.architecture, self.processor, self.features, *pairs


MachineField = Annotated[Machine, nested(Machine)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the cases pose to a route outside the domain it ``covers``, by dtype and by family; none of it is asked.

    ``nowhere`` lists, by dtype, the cases that no route of the operation is asked.
    """

    op: Text
    route: Text
    covers: Text = ""
    dtypes: Counts = field(default_factory=dict)
    families: Counts = field(default_factory=dict)
    nowhere: Routes = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many questions there are."""
        return sum(self.dtypes.values())


OutsideList = Annotated[tuple[Outside, ...], listed(nested(Outside))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The identity of one adapter's run; ``asked`` counts its questions, ``routes`` names its routes by operation.

    ``is_new_machine``: the adapter's known divergences come from other kinds of machines. ``outside`` counts the
    questions outside the domain of a route, which are not asked; ``compile_cache`` says which cache of compiled
    code there was, and how full it was before the run.
    """

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
    machine: MachineField = field(default_factory=Machine)
    is_new_machine: Flag = False
    outside: OutsideList = ()
    compile_cache: Text = ""

    def identity(self) -> tuple[object, ...]:
        """Return what makes two runs of one adapter the same run, interrupted and resumed."""
        machine = self.device, self.platform, self.python, self.numpy, self.machine.identity()
        return self.suite, self.framework, self.framework_version, tuple(sorted(self.mode.items())), *machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An adapter that could not be asked, and why; of one version of its framework, where it names that."""

    adapter: Text
    reason: Text = ""
    framework_version: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The versions of an adapter's framework that a package index offered, whether they were asked or not."""

    adapter: Text
    versions: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case: every parameter under its public name, sizes in elements for each spatial axis, ``raw`` as texts."""

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
    range: Text = ""
    source: Text = ""
    seed: Integer = 0
    border: Text = ""
    zero_points: Size = ()
    output_size: Size = ()
    raw: Mode = field(default_factory=dict)
    then: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The worst element, or worse ``part`` of it: where, what came, the truth, and the error that was allowed."""

    fill: Text = ""
    index: Size = ()
    got: MaybeNumber = None
    want: MaybeNumber = None
    bound: MaybeNumber = None
    part: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How an error is spread: how many elements of how many, in which channels, and in words."""

    wrong: Count = 0
    of: Count = 0
    channels: Size = ()
    words: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallProblem:
    """The parameters of a smallest failing case, under their public names."""

    input_size: Size
    kernel_size: Size
    batch: Integer = 1
    in_channels: Integer = 1
    out_channels: Integer = 1
    stride: Size = ()
    padding: PerAxis = ()
    dilation: Size = ()
    groups: Integer = 1
    zero_points: Size = ()


SmallProblemField = Annotated[SmallProblem, nested(SmallProblem)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """The smallest case that still fails: its problem, the call, its operands, what came out and what was wanted.

    ``got`` is None where there is no answer; ``error`` then has the exception's text. Arrays are numbers in lists of
    lists.
    """

    problem: SmallProblemField
    call: Text = ""
    words: Text = ""
    operands: Operands = field(default_factory=dict)
    got: MaybeNested = None
    error: Text = ""
    want: MaybeNested = None
    difference: MaybeNested = None


as_smallest = nested(Smallest)
MaybeScriptRun = Annotated[ScriptRun | None, nullable(nested(ScriptRun))]
MaybeSmallest = Annotated[Smallest | None, nullable(as_smallest)]
MaybeWorst = Annotated[Worst | None, nullable(nested(Worst))]
MaybeSpread = Annotated[Spread | None, nullable(nested(Spread))]
MaybeMap = Annotated[ErrorMap | None, nullable(as_error_map)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says of one question.

    ``error`` is the share of the bound of a conformant answer that was used (1.0 = all); ``bias`` says how far errors
    lean to one side, in standard deviations; ``finding``: it counts against the exit status. ``expected`` names the
    user's expectation that covers it; ``new``: a finding on a case that the user's expectations have never seen.
    ``raised_in``: file and line of the adapter's own that raised an error, where its framework did not.
    """

    adapter: Shared
    op: Shared
    route: Shared
    case: Shared
    dtype: Shared
    grade: Grade
    finding: Flag
    exact: Flag = False
    error: MaybeNumber = None
    accumulator: MaybeShared = None
    seconds: Number = 0.0
    message: Shared = ""
    diagnosis: Texts = ()
    details: Texts = ()
    worst: MaybeWorst = None
    spread: MaybeSpread = None
    map: MaybeMap = None
    known: MaybeShared = None
    documented: MaybeGrade = None
    expected: MaybeShared = None
    new: Flag = False
    bias: MaybeNumber = None
    script: MaybeText = None
    script_run: MaybeScriptRun = None
    smallest: MaybeSmallest = None
    raised_in: MaybeShared = None

    @property
    def key(self) -> Key:
        """What the verdict answers: adapter, operation, route, case, dtype."""
        return self.adapter, self.op, self.route, self.case, self.dtype

    @property
    def route_key(self) -> RouteKey:
        """Which route gave the answer: adapter, operation, route."""
        return self.adapter, self.op, self.route

    @classmethod
    def without_answer(cls, key: Key, grade: str, message: str) -> "Verdict":
        """Return the verdict on a question that gave no answer to judge; whether it is a finding is not yet known."""
        adapter, op, route, case, dtype = key
        return cls(
            adapter=adapter, op=op, route=route, case=case, dtype=dtype, grade=grade, finding=False, message=message
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Verdict":
        """Return the verdict that ``to_json`` wrote. Raises Malformed for anything else."""
        notes: list[str] = []
        verdict = parse(cls, value, notes)
        if notes:
            raise Malformed("; ".join(notes))
        return verdict

    @classmethod
    def from_record(cls, value: Mapping[str, Any]) -> "Verdict":
        """Return the verdict in a line of a record, without what cannot be read. Raises Malformed for no verdict."""
        return parse(cls, value, [])

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as a line of a record: JSON types only."""
        return to_line(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What became of divergences that somebody declared: verdicts covered, those that diverged, and whether none did.

    With none it is stale, and ``message`` says so. ``what`` is what it is called in a text.
    """

    what: ClassVar[str]
    adapter: Text
    name: Text
    matched: Count = 0
    diverged: Count = 0
    stale: Flag = False
    message: Text = ""

    @property
    def title(self) -> str:
        """What it is, and its name."""
        return f"{self.what} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence(Declared):
    """What became of a known divergence of an adapter."""

    what: ClassVar[str] = "known divergence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Declared):
    """What became of an entry of the user's expectations; ``adapter`` names those of whom it speaks, with commas."""

    what: ClassVar[str] = "expectation"
    reason: Text = ""
    link: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A named mistake that reproduces ``explains`` of ``of`` wrong answers of a route; ``where`` is what they share."""

    adapter: Text
    op: Text
    route: Text
    name: Text
    detail: Text = ""
    explanation: Text = ""
    remedy: Text = ""
    explains: Count = 0
    of: Count = 0
    where: Text = ""

    @property
    def route_key(self) -> RouteKey:
        """Whose answers it reproduces: adapter, operation, route."""
        return self.adapter, self.op, self.route


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many combinations of so many ``features`` an adapter answers, of those that can be; some that are missing."""

    adapter: Text
    features: Count
    reached: Count = 0
    possible: Count = 0
    missing: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last line of a run that was not cut off."""

    complete: Flag
    verdicts: Count = 0
    findings: Count = 0
    seconds: Number = 0.0


Line = Run | Missing | Offered | CaseLine | Verdict | Divergence | Expectation | Diagnosis | Coverage | End
KINDS: dict[str, type[Line]] = {
    "run": Run,
    "missing": Missing,
    "offered": Offered,
    "case": CaseLine,
    "verdict": Verdict,
    "divergence": Divergence,
    "expectation": Expectation,
    "diagnosis": Diagnosis,
    "coverage": Coverage,
    "end": End,
}


def to_line(line: Line) -> dict[str, Any]:
    """Return a line as a record keeps it, its kind first: JSON types only."""
    (kind,) = (name for name, cls in KINDS.items() if type(line) is cls)
    schema = {"schema": SCHEMA} if isinstance(line, Run) else {}
    return {"kind": kind, **schema, **to_jsonable(line)}
