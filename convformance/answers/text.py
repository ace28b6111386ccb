"""An explanation as text, for a terminal and for the message of an assertion."""

import textwrap
from collections.abc import Iterator
from typing import Any

from convformance.answers.fields import ExplanationFields
from convformance.judging.assertions import format_numbers
from convformance.judging.diagnosis import explained
from convformance.judging.grades import COMPONENTWISE, LOW_PRECISION, NORM_WISE, WRONG
from convformance.judging.spread import spread_text

_WIDTH = 100
_NAMED = 2  # mistakes that are explained, of those that reproduce an answer


def document(explanation: ExplanationFields) -> str:
    """Return the explanation in a few lines, the answer to the question first."""
    lines = [
        *_wrapped("", _headline(explanation)),
        *_suggested(explanation),
        *_reasons(explanation),
        *_where(explanation),
        *(line for remark in explanation.remarks for line in _wrapped("  Remark: ", remark)),
        *_wrapped("  Judged: ", explanation.asked),
    ]
    return "\n".join(lines)


def _headline(explanation: ExplanationFields) -> str:
    if explanation.message:
        prefix = "" if explanation.ok else "not the convolution asked for: "
        return prefix + explanation.message
    return f"{_verdict(explanation)}: {_size(explanation)}"


def _verdict(explanation: ExplanationFields) -> str:
    """Return whether the difference is rounding, and of which kind."""
    if explanation.grade == WRONG:
        return "the difference is not rounding"
    verdict = {
        LOW_PRECISION: "the difference is rounding, in less precision than expected",
        NORM_WISE: "the difference is rounding of a fast algorithm (Winograd, FFT), relative to the largest number",
    }.get(explanation.grade, "the difference is rounding")
    return verdict if explanation.ok else f"{verdict}, and {explanation.allowed} was asked for"


def _size(explanation: ExplanationFields) -> str:
    share = explanation.share or 0.0
    if share == 0:
        return "every element is the right number, rounded once"
    bound = "" if explanation.allowed == COMPONENTWISE else f" {explanation.allowed}"
    largest = f"the largest error is {_of_bound(share, bound)}"
    sums = explanation.accumulator
    return f"{largest}; sums in {sums} explain it" if sums else largest


def _of_bound(share: float, bound: str = "") -> str:
    """Return a share of the bound as a percentage, or as so many times the bound where it is more than all of it."""
    if share < 0.0001:
        return f"below 0.01% of the{bound} bound"
    if share <= 1:
        return f"{share:.2%} of the{bound} bound" if share < 0.1 else f"{share:.0%} of the{bound} bound"
    return f"{share:.2g} times the{bound} bound" if not share < 1000 else f"{share:.3g} times the{bound} bound"


def _reasons(explanation: ExplanationFields) -> Iterator[str]:
    """Yield what explains the answer: narrower arithmetic with its share, or named mistakes with a remedy."""
    named = list(dict.fromkeys((match.name, match.detail) for match in explanation.explains))
    for index, (name, detail) in enumerate(named[:_NAMED]):
        entry = explained(name)
        likely = "or " if index or explanation.suggestions else ""
        yield from _wrapped("  ", f"{likely}{name}{': ' if detail else ''}{detail}")
        yield from _wrapped("    ", entry.explanation)
        if explanation.explained_share is not None:
            share = _of_bound(explanation.explained_share)
            yield from _wrapped("    ", f"Against that, the largest error is {share}.")
        else:
            yield from _wrapped("    To mend it: ", entry.remedy)
    if len(named) > _NAMED:
        others = ", ".join(name for name, _ in named[_NAMED:])
        yield from _wrapped("  ", f"as well possible on these numbers: {others}")


def _suggested(explanation: ExplanationFields) -> Iterator[str]:
    for suggestion in explanation.suggestions:
        right = "and the numbers are right" if suggestion["numbers_right"] else "though not its numbers"
        yield from _wrapped("  ", f"with {suggestion['options']} its shape fits, {right}")


def _where(explanation: ExplanationFields) -> Iterator[str]:
    if explanation.spread is not None:
        yield from _wrapped("  Beyond the bound: ", spread_text(explanation.spread))
    if explanation.worst is not None and explanation.share:
        yield from _wrapped("  Worst element ", _worst(explanation.worst))


def _worst(worst: Any) -> str:
    index = ", ".join(map(str, worst["index"]))
    return f"({index}): {format_numbers(worst['got'], worst['want'], worst['bound'])}"


def _wrapped(label: str, entry: str) -> list[str]:
    return textwrap.wrap(entry, _WIDTH, initial_indent=label, subsequent_indent=" " * min(len(label), 6))
