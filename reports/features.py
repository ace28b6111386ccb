"""What a case asks of a framework, feature by feature, and how far each adapter supports it.

A feature is a predicate over the description of a case, or an operation, or a dtype. A question is an operation on a
case in a dtype; an adapter supports it when one of its routes gives an answer that is not wrong. What lies outside the
domain of every route is not supported, as if it were refused. An operation that is nearly never offered in a dtype says
nothing of strides or paddings: it counts under operations and number types alone.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from convformance.judging.grades import LOW_PRECISION, REFUSED, RIGHT, WRONG
from convformance.reference.dtypes import ALL_DTYPES, INTEGERS, operand_dtypes, result_dtype
from convformance.reference.operation import TABLE
from convformance.reports.formatting import percent, severity, without_numbers
from convformance.reports.lines import CaseLine, Verdict
from convformance.reports.record import Records, RunState

STATES = ("yes", "partly", "no", "wrong", "none")
MOST_WORDINGS = 2
MOST_SHARED = 3

# An operation is not offered in a dtype when more than this part of its questions is refused or outside the domain.
_NEARLY_ALWAYS = 0.9
_TRANSPOSED = tuple(each.name for each in TABLE if each.transposed or each.result == "input")


@dataclass(frozen=True)
class Feature:
    """Something a convolution can be asked for; ``has`` finds the cases that ask for it.

    A feature that is a number type has a ``dtype``, one that is an operation an ``op``. ``operations`` are those it
    concerns; all of them when empty.
    """

    group: str
    name: str
    says: str
    has: Callable[[CaseLine], bool] = lambda case: True
    dtype: str = ""
    op: str = ""
    operations: tuple[str, ...] = ()

    @property
    def of_cases(self) -> bool:
        """Whether it is a property of cases, and neither an operation nor a dtype."""
        return not self.op and not self.dtype

    @property
    def query(self) -> str:
        """The query that finds its verdicts."""
        return f"dtype={self.dtype}" if self.dtype else f"op={self.op}" if self.op else f'feature="{self.name}"'

    def concerns(self, op: str, dtype: str) -> bool:
        """Whether it is asked for by an operation in a dtype, on a case that asks for it."""
        return self.dtype in ("", dtype) and self.op in ("", op) and (not self.operations or op in self.operations)


def _strided(case: CaseLine) -> bool:
    return any(step > 1 for step in case.stride)


def _dilated(case: CaseLine) -> bool:
    return any(step > 1 for step in case.dilation)


def _padded(case: CaseLine) -> bool:
    return any(side > 0 for pair in case.padding_pairs for side in pair)


def _asymmetric(case: CaseLine) -> bool:
    return any(lo != hi for lo, hi in case.padding_pairs)


def _cropped(case: CaseLine) -> bool:
    return any(side < 0 for pair in case.padding_pairs for side in pair)


def _same(case: CaseLine) -> bool:
    return case.padding in ("same_upper", "same_lower")


def _even(case: CaseLine) -> bool:
    return any(taps % 2 == 0 for taps in case.kernel_size)


def _spans(case: CaseLine) -> list[int]:
    """Return how far the taps of the kernel reach, per axis."""
    return [(taps - 1) * step + 1 for taps, step in zip(case.kernel_size, case.dilation, strict=False)]


def _unread(case: CaseLine) -> bool:
    """Whether the last window ends before the padded image does."""
    for size, (lo, hi), span, step in zip(case.input_size, case.padding_pairs, _spans(case), case.stride, strict=False):
        room = size + lo + hi - span
        if room > 0 and step > 0 and room % step:
            return True
    return False


def _wider(case: CaseLine) -> bool:
    return any(span > size for span, size in zip(_spans(case), case.input_size, strict=False))


def _empty(case: CaseLine) -> bool:
    return 0 in (case.batch, case.in_channels, case.out_channels, *case.input_size, *case.output_size)


def _depthwise(case: CaseLine) -> bool:
    return case.groups == case.in_channels > 1


def _multiplied(case: CaseLine) -> bool:
    return _depthwise(case) and case.out_channels > case.groups


def _rank(rank: int) -> Callable[[CaseLine], bool]:
    return lambda case: len(case.input_size) == rank


def _numbers_text(dtype: str) -> str:
    first, second = operand_dtypes(dtype)
    operands = f"operands in {first}" if first == second else f"one operand in {first}, the other in {second}"
    return (
        f"{operands}, the result in {result_dtype(dtype)}" if dtype in INTEGERS else f"operands and result in {dtype}"
    )


FEATURES = (
    Feature("Geometry", "stride", "a stride above 1", _strided),
    Feature("Geometry", "unequal stride", "another stride on each axis", lambda case: len(set(case.stride)) > 1),
    Feature("Geometry", "dilation", "a dilation above 1", _dilated),
    Feature("Geometry", "stride with dilation", "both above 1", lambda case: _strided(case) and _dilated(case)),
    Feature("Geometry", "unread rows", "a last window that ends before the padded image does", _unread),
    Feature("Padding", "padding", "zeros around the image", _padded),
    Feature("Padding", "asymmetric padding", "lo and hi differ", _asymmetric),
    Feature("Padding", "negative padding", "the image is cropped", _cropped),
    Feature("Padding", "SAME", "a result as large as the image, by the framework's own rule", _same),
    Feature("Padding", "SAME at stride 2", "SAME with a stride above 1", lambda case: _same(case) and _strided(case)),
    Feature("Padding", "SAME, odd zero first", "same_lower in ONNX", lambda case: case.padding == "same_lower"),
    Feature("Kernel", "pointwise", "a kernel of 1 on every axis", lambda case: set(case.kernel_size) == {1}),
    Feature("Kernel", "even kernel", "a kernel without a middle", _even),
    Feature("Kernel", "kernel larger than the image", "it reaches into the padding on both sides", _wider),
    Feature("Channels", "groups", "more than one group", lambda case: case.groups > 1),
    Feature("Channels", "depthwise", "a group for each channel", _depthwise),
    Feature("Channels", "channel multiplier", "depthwise, several filters for each channel", _multiplied),
    Feature(
        "Transposed", "transposed output size", "one of the sizes that a stride leaves open", _unread,
        operations=_TRANSPOSED,
    ),
    Feature("Shapes", "1-D", "one spatial axis", _rank(1)),
    Feature("Shapes", "2-D", "two spatial axes", _rank(2)),
    Feature("Shapes", "3-D", "three spatial axes", _rank(3)),
    Feature("Shapes", "empty tensors", "a size of 0 somewhere", _empty),
    Feature("Data", "bias", "a number added to each channel", lambda case: case.bias),
    Feature("Data", "NaN and Inf", "in the image or in the filter", lambda case: bool(case.special)),
    Feature("Data", "ends of the range", "overflow, subnormal numbers, all exponents", lambda case: bool(case.range)),
    Feature(
        "Data", "non-contiguous operands", "sliced, or with permuted axes",
        lambda case: case.memory not in ("", "contiguous"),
    ),
    *(Feature("Number types", dtype, _numbers_text(dtype), dtype=dtype) for dtype in ALL_DTYPES),
    *(Feature("Operations", each.name, each.meaning, op=each.name) for each in TABLE),
)  # fmt: skip


def features_of(case: CaseLine) -> list[Feature]:
    """Return the features, other than operations and dtypes, that a case asks for."""
    return [feature for feature in FEATURES if feature.of_cases and feature.has(case)]


@dataclass(frozen=True)
class Note:
    """Why an adapter does not support all of a feature: the kind, how many questions it concerns, and a message."""

    kind: str
    count: int
    message: str


@dataclass(frozen=True)
class Support:
    """How far an adapter supports a feature: one of STATES, and how many of its questions have an answer not wrong."""

    state: str
    right: int
    of: int
    notes: tuple[Note, ...]


class _Question:
    """One operation on one case in one dtype, as one adapter's routes answered it.

    ``outside`` is what a route covers, where the question lies outside the domain of every one and was not asked.
    """

    def __init__(self, verdicts: Sequence[Verdict], outside: str | None = None) -> None:
        self.verdicts = verdicts
        self.outside = outside
        self.right = [verdict for verdict in verdicts if verdict.grade in RIGHT]
        self.unoffered = all(verdict.grade == REFUSED for verdict in verdicts)


def _listed(verdict: Verdict) -> str:
    """Return as what a verdict is listed, known or expected, or an empty text."""
    if verdict.known is not None:
        return f"known divergence: {verdict.known}"
    return f"expected: {verdict.expected}" if verdict.expected is not None else ""


@dataclass
class _Answers:
    """The questions of one feature as one adapter answered them."""

    of: int = 0
    right: int = 0
    unoffered: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    narrow: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, question: _Question) -> None:
        """Count one question: what each route said."""
        self.of += 1
        self.right += bool(question.right)
        if question.outside is not None:
            self.unoffered["outside the domain", question.outside] += 1
        elif question.unoffered:
            self.refused[without_numbers(question.verdicts[0].message)] += 1
        if question.right and all(verdict.grade == LOW_PRECISION for verdict in question.right):
            self.narrow[question.right[0].accumulator or "narrower inputs"] += 1
        failed = [verdict for verdict in question.verdicts if verdict.grade not in (*RIGHT, REFUSED)]
        self.failed.update({(verdict.grade, _listed(verdict)) for verdict in failed})

    @property
    def state(self) -> str:
        """One of STATES: a wrong answer that nobody knew of, or nothing but wrong ones, is ``wrong``."""
        wrong = [known for grade, known in self.failed if grade == WRONG]
        if not self.of:
            return "no" if self.unoffered else "none"
        if "" in wrong or (wrong and not self.right):
            return "wrong"
        if not self.right:
            return "no"
        return "yes" if self.right == self.of and not self.failed and not self.unoffered else "partly"

    def support(self) -> Support:
        return Support(self.state, self.right, self.of, tuple(self.notes()))

    def notes(self) -> Iterable[Note]:
        """Yield what stands in the way, the gravest first."""
        for (grade, known), count in sorted(self.failed.items(), key=lambda entry: (severity(entry[0][0]), entry[0])):
            yield Note(grade, count, known)
        named = self.refused.most_common(MOST_WORDINGS)
        for wording, count in named:
            yield Note(REFUSED, count, wording)
        if left := self.refused.total() - sum(count for _, count in named):
            yield Note(REFUSED, left, "with other messages")
        for (kind, what), count in self.unoffered.items():
            yield Note(kind, count, what)
        for accumulator, count in self.narrow.items():
            yield Note(LOW_PRECISION, count, f"accumulates in {accumulator}")


def supports(records: Records) -> dict[str, dict[str, Support]]:
    """Return for each feature's name and each run's label how far the run supports the feature."""
    answers: dict[tuple[str, str], _Answers] = defaultdict(_Answers)
    of_case = {name: features_of(case) for name, case in records.cases.items()}
    of_question = [feature for feature in FEATURES if not feature.of_cases]
    questions = _questions(records)
    missing = _missing(questions)
    for (label, op, name, dtype), question in questions.items():
        says_nothing = question.unoffered and (label, op, dtype) in missing
        for feature in [*of_question, *([] if says_nothing else of_case.get(name, []))]:
            if feature.concerns(op, dtype):
                answers[feature.name, label].add(question)
    for label, state in records.runs.items():
        for op, count in _unoffered(records, state).items():
            answers[op, label].unoffered["no route", op] += count
    return {
        feature.name: {label: answers[feature.name, label].support() for label in records.runs} for feature in FEATURES
    }


def _questions(records: Records) -> Mapping[tuple[str, str, str, str], _Question]:
    questions: dict[tuple[str, str, str, str], list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if _is_raw(records, verdict.case):
            continue
        questions[verdict.adapter, verdict.op, verdict.case, verdict.dtype].append(verdict)
    asked = {key: _Question(verdicts) for key, verdicts in questions.items()}
    return {**_outside(records), **asked}


def _is_raw(records: Records, name: str) -> bool:
    """Whether a case is one of raw arguments, which say nothing of what is supported."""
    return name in records.cases and bool(records.cases[name].raw)


def _missing(questions: Mapping[tuple[str, str, str, str], _Question]) -> set[tuple[str, str, str]]:
    """Return the adapters, operations and dtypes that are nearly never offered."""
    posed: Counter[tuple[str, str, str]] = Counter()
    unoffered: Counter[tuple[str, str, str]] = Counter()
    for (label, op, _, dtype), question in questions.items():
        posed[label, op, dtype] += 1
        unoffered[label, op, dtype] += question.unoffered
    return {key for key, count in posed.items() if unoffered[key] > _NEARLY_ALWAYS * count}


def _unoffered(records: Records, state: RunState) -> Counter[str]:
    """Return by operation how many questions the run has no route for."""
    cases = [records.cases[name] for name in state.case_ids & records.cases.keys()] if state.identified else []
    cases = [case for case in cases if not case.raw]
    return Counter(op for case in cases for op in case.operations if not state.run.routes.get(op) for _ in case.dtypes)


def _outside(records: Records) -> dict[tuple[str, str, str, str], _Question]:
    """Return the questions that lie outside the domain of every route of a run."""
    return {
        (label, outside.op, name, dtype): _Question((), outside.covers)
        for label, state in records.runs.items()
        for outside in state.outside
        for dtype, names in outside.nowhere.items()
        for name in names
        if not _is_raw(records, name)
    }


def shared(failing: Sequence[Verdict], right: Sequence[Verdict], cases: Mapping[str, CaseLine]) -> tuple[str, ...]:
    """Return what all ``failing`` verdicts share and fewer than half of the ``right`` ones have, the rarest first.

    Nothing is said of fewer than two.
    """
    if len(failing) < 2:
        return ()
    names = {verdict.case for verdict in (*failing, *right)} & cases.keys()
    of_case = {name: _traits(cases[name]) for name in names}

    def traits(verdict: Verdict) -> frozenset[str]:
        return of_case.get(verdict.case, frozenset()) | {verdict.dtype}

    common = frozenset.intersection(*map(traits, failing))
    others = Counter(trait for verdict in right for trait in common & traits(verdict))
    telling = sorted((others[trait], trait) for trait in common if 2 * others[trait] < len(right))
    return tuple(_telling(trait, count, len(right)) for count, trait in telling[:MOST_SHARED])


def _traits(case: CaseLine) -> frozenset[str]:
    return frozenset([*(feature.name for feature in features_of(case)), f"family {case.family}"])


def _telling(trait: str, count: int, of: int) -> str:
    others = f"{percent(count, of)} of the right answers have it" if count else "no right answer has it"
    return f"{trait} ({others})"
