"""The section of ``docs/teeth.md`` on the cases of others, which is measured and written apart from the rest of it."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from tests.zoo.member import Member
from tests.zoo.others import Finding
from tests.zoo.page import names_of, percent, table

HEADING = "## The cases of others"
_SECTION = re.compile(rf"^{HEADING}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_NEXT = "## The kill matrix"


def section(theirs: Sequence[Finding], ours: Sequence[Finding], zoo: Sequence[Member], missing: Iterable[str]) -> str:
    """Return the section: a table of the sets and of this suite's tiers, and what catches what the other does not."""
    everything = tuple(member.name for member in zoo)
    caught = set(chain.from_iterable(finding.caught for finding in theirs))
    columns = "|".join(("samples", "defects caught", "right answers rejected", "CPU seconds", "a defect"))
    absent = [f"Not asked, as {reason}." for reason in missing]
    return "\n\n".join(
        (
            f"{HEADING}\n\n{_INTRODUCTION}",
            table(f"cases|{columns}", [_row(finding) for finding in (*theirs, *ours)], columns),
            f"All of theirs together catch {len(caught)} of {len(everything)}.",
            *absent,
            "\n".join(
                (
                    *(f"- Caught by theirs, not by {each.says}: {_without(caught, each.caught)}." for each in ours),
                    f"- Caught by none of theirs: {_without(everything, caught)}.",
                )
            ),
        )
    )


_INTRODUCTION = """\
The zoo and the garden on the cases that other projects test convolutions with: their shapes, their numbers, what they
expect and how they compare it, read from installed packages when the table is made. A member answers the samples of a
set one after another; of a check of derivatives it gives the values and the gradients, right ones to the operations
that it lacks. It is caught where a sample is rejected that rejects none of the garden's direct implementations; behind
*of* stands how many defects lie in an operation that the set asks for. *Samples* are convolutions, or checks of the
derivatives of one; for this suite, case, operation and dtype. *Right answers rejected* are those of the garden's direct
implementations, all right. CPU seconds are what it takes until each defect is caught or has been asked everything; for
this suite they include the truth and its bounds, for the others neither making the samples nor what is expected.
PyTorch's check of derivatives is its fast one, without the slow one that writes the text of a failure; JAX compares
by the looser of two rules that it has. The garden's orders of summing are not asked samples of a million products.

Arguments that are none of the seven operations are left out: complex numbers, integers (ONNX's `ConvInteger` is asked
in float32 with the zero points taken off), deformable and quantized convolutions, errors that are wanted, and models of
more than one node. The wheels of TensorFlow and ONNX Runtime hold no case of a convolution; Keras, which TensorFlow
brings along, does. `tox run -e others` writes this section: `python -m tests.zoo --others docs/teeth.md`."""


def _row(finding: Finding) -> tuple[str, ...]:
    count = len(finding.caught)
    return (
        finding.says,
        str(finding.samples),
        f"{count} of {finding.askable}",
        _rejected(finding),
        f"{finding.seconds:.0f}",
        f"{finding.seconds / count:.2f}" if count else "none",
    )


def _rejected(finding: Finding) -> str:
    if not finding.answers:
        return "see the garden"
    share = percent(finding.rejected / finding.answers)
    return f"{finding.rejected} of {finding.answers} ({share})" if finding.rejected else "0"


def _without(names: Iterable[str], others: Iterable[str]) -> str:
    return names_of(sorted(set(names) - set(others)))


def section_of(page: str) -> str:
    """Return the section as it stands in a page, or nothing."""
    match = _SECTION.search(page)
    return match.group().strip() if match else ""


def with_section(page: str, text: str) -> str:
    """Return the page with its section exchanged for ``text``, or with ``text`` before the kill matrix."""
    if _SECTION.search(page):
        return _SECTION.sub(lambda _: f"{text}\n\n", page)
    before, heading, after = page.partition(_NEXT)
    return f"{before}{text}\n\n{heading}{after}" if text else page


def to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON types."""
    return {**vars(finding), "caught": list(finding.caught)}
