"""Errors that look like checked arguments, with what to write into ``refusals``, and those that an adapter made itself.

An error is a finding until somebody says that the back end turned something down on purpose. What says so reads like a
rule: not supported, must be, expected this and got that. Errors that differ in numbers and shapes alone stand together.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from convformance.judging.grades import ERROR
from convformance.reports.formatting import one_line, plural, shorten, visible
from convformance.reports.lines import Verdict

MOST_SHOWN = 10

# What a rule sounds like.
_CHECKED = re.compile(
    r"""not\s(yet\s)?(supported|implemented|available|allowed|permitted|offered)|unsupported|unimplemented
      | (does|do|is|are|can)(\snot|n't)\s(support|accept|allow|implement|handle)
      | \b(must|should|shall|ha[sv]e?\sto|needs?\sto)\s(not\s)?(be|have|match|equal|divide|contain|specify|all)
      | \bonly\s(\S+\s){0,6}(supported|support|supports|allowed|accepted|implemented|valid)\b|\bonly\ssupports?\b
      | \b(invalid|illegal|bad|unknown|unexpected|inconsistent)\s(\S+\s){0,6}(values?|arguments?|parameters?|attributes?
        |shapes?|sizes?|strides?|padding|pads|dilations?|groups?|kernels?|filters?|d?types?|ranks?|dimensions?)\b
      | \b(invalid|illegal|unknown)\b.*\bexpected\b
      | \bexpected\b.*\b(but|got|found|received|was|instead)\b|\bgot\b.*\bexpected\b
      | \bcannot\sbe\s(negative|zero|empty|greater|larger|smaller|less)|\bcan't\sbe\s(negative|zero|empty)
      | \b(is|are)\snot\s(divisible|a\smultiple|equal|positive|a\svalid|valid)|\bdivisible\sby\b
      | \b(larger|greater|smaller|less)\sthan\b|\bat\s(least|most)\s\S+
      | \bnon-?(negative|zero|positive)\b|\bout\sof\s(the\s)?(supported|allowed|valid)\srange\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What a back end says that broke: no rule, whatever else it says.
_BROKEN = re.compile(
    r"""\binternal\b|\bassert|\bplease\s(report|file)|\bbug\b|unreachable|segmentation|\bcorrupt|\bcore\sdumped
      | \billegal\smemory|\bout\sof\smemory|\bcannot\sallocate|\bbad_alloc|\bnull\s?(ptr|pointer)?\b
      | \bnot\sinitiali[sz]ed
      | \bNoneType\b|\bobject\shas\sno\sattribute|\bpositional\sargument|\bunexpected\skeyword|\bmissing\s\d+\srequired
      | \bno\smessage\b|\bcheck\sfailed\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BROKEN_TYPES = re.compile(
    r"""AssertionError|MemoryError|SystemExit|KeyboardInterrupt|RecursionError|SystemError|OSError|FileNotFoundError
      | NameError|UnboundLocalError|AttributeError|ImportError|ModuleNotFoundError|UnicodeDecodeError|IndexError
      | KeyError|ZeroDivisionError|StopIteration""",
    re.VERBOSE,
)

_KIND = re.compile(r"^([A-Za-z_][\w.]*): ")
_SUFFIX = re.compile(r" \([^()]*, line \d+\)$")
# A shape or a list of numbers, and a number that is no part of a name such as float16.
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_SHAPE = rf"[\[({{]\s*{_NUMBER}(?:\s*[,x]\s*{_NUMBER})*\s*,?\s*[\])}}]"
_VARIABLE = re.compile(rf"{_SHAPE}|(?<![A-Za-z\d.]){_NUMBER}", re.IGNORECASE)
_ANY_SHAPE, _ANY_INTEGER, _ANY_NUMBER = r"[\[({][-+\d.,x\s]*[\])}]", r"-?\d+", r"[-+\d.e]+"
_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")
_LONGEST_PATTERN = 120


@dataclass(frozen=True)
class Proposal:
    """Errors of one adapter in the same words but for numbers, and a regular expression that finds all of them.

    ``message`` is the most frequent one.
    """

    adapter: str
    pattern: str
    message: str
    verdicts: tuple[Verdict, ...]

    @property
    def literal(self) -> str:
        """The regular expression as Python writes it."""
        quote = "'" if '"' in self.pattern else '"'
        return repr(self.pattern) if quote in self.pattern else f"r{quote}{self.pattern}{quote}"


@dataclass(frozen=True)
class OwnFault:
    """Errors that a line of the adapter's own file raised: ``source`` is file and line."""

    adapter: str
    source: str
    message: str
    verdicts: tuple[Verdict, ...]


def proposals(verdicts: Iterable[Verdict]) -> tuple[Proposal, ...]:
    """Return what may be written into the ``refusals`` of adapters, by adapter and the most frequent first."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in _errors(verdicts):
        text = _text(verdict.message)
        if not verdict.raised_in and _looks_checked(verdict.message, text):
            groups[verdict.adapter, pattern_of(text)].append(verdict)
    entries = (Proposal(*key, _commonest(group), tuple(group)) for key, group in groups.items())
    return tuple(sorted(entries, key=lambda each: (each.adapter, -len(each.verdicts), each.pattern)))


def own_faults(verdicts: Iterable[Verdict]) -> tuple[OwnFault, ...]:
    """Return the errors that adapters raised themselves, by adapter and the most frequent first."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in _errors(verdicts):
        if verdict.raised_in:
            groups[verdict.adapter, verdict.raised_in].append(verdict)
    entries = (OwnFault(*key, _commonest(group), tuple(group)) for key, group in groups.items())
    return tuple(sorted(entries, key=lambda each: (each.adapter, -len(each.verdicts), each.source)))


def lines(verdicts: Collection[Verdict]) -> Iterator[str]:
    """Yield what a terminal shows of both."""
    checked, own = proposals(verdicts), own_faults(verdicts)
    for fault in own[:MOST_SHOWN]:
        yield f"{_with_count(fault)} the adapter's own fault: {fault.source}: {shorten(_shown(fault.message), 200)}"
    if checked:
        yield "errors that look like checked arguments: where that is meant, paste into refusals of the adapter"
    for proposal in checked[:MOST_SHOWN]:
        count = plural(len(proposal.verdicts), "error")
        yield f"  {proposal.adapter}: {count}: {shorten(_shown(proposal.message), 200)}"
        yield f"      {visible(proposal.literal)},"
    left = len(checked) - MOST_SHOWN
    if left > 0:
        yield f"  and {plural(left, 'wording')} more, in the report"


def _with_count(fault: OwnFault) -> str:
    count = len(fault.verdicts)
    return f"{fault.adapter}: {plural(count, 'error')} {'looks' if count == 1 else 'look'} like"


def _shown(message: str) -> str:
    return one_line(visible(message))


def pattern_of(text: str) -> str:
    """Return a regular expression that finds ``text`` whatever its numbers and shapes are."""
    pattern, end = "", 0
    for match in _VARIABLE.finditer(text):
        if len(pattern) > _LONGEST_PATTERN:
            break
        pattern += _escaped(text[end : match.start()])
        pattern += _any_like(match[0])
        end = match.end()
    else:
        pattern += _escaped(_beginning(text[end:], _LONGEST_PATTERN - len(pattern)))
    return pattern.rstrip()


def _any_like(text: str) -> str:
    """Return a regular expression for any shape, any integer or any number, whichever ``text`` is."""
    if text[0] in "[({":
        return _ANY_SHAPE
    return _ANY_INTEGER if re.fullmatch(r"-?\d+", text) else _ANY_NUMBER


def _beginning(text: str, length: int) -> str:
    """Return as many terms of ``text`` as ``length`` lets it hold, the first at least."""
    if len(text) <= max(length, 0):
        return text
    return text[: max(length, 0)].rpartition(" ")[0] or text.split(" ", maxsplit=1)[0]


def _escaped(text: str) -> str:
    """Return ``text`` as a regular expression for itself; blanks, quotes and the like stay as they are."""
    return _SPECIAL.sub(r"\\\1", text)


def _errors(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    return (verdict for verdict in verdicts if verdict.grade == ERROR and verdict.finding)


def _looks_checked(message: str, text: str) -> bool:
    kind = _KIND.match(message)
    name = kind[1].rpartition(".")[2] if kind else ""
    return not _BROKEN_TYPES.fullmatch(name) and bool(_CHECKED.search(text)) and not _BROKEN.search(f"{name} {text}")


def _text(message: str) -> str:
    """Return what the exception says, without its type and the place that this suite adds."""
    return _SUFFIX.sub("", _KIND.sub("", message, count=1))


def _commonest(verdicts: Iterable[Verdict]) -> str:
    return Counter(verdict.message for verdict in verdicts).most_common(1)[0][0]
