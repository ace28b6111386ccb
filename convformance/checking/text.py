"""The result as text for a terminal: what is wrong, how to mend it, the smallest failing case, what was asked."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convformance.judging.grades import INACCURATE

if TYPE_CHECKING:
    from convformance.checking.result import Findings
    from convformance.judging.diagnosis import Diagnosis

WIDTH, LINES = 100, 40
_ARRAY_LINES = 3
_DIAGNOSES = 2  # of one operation


def written(found: "Findings") -> str:
    """Return at most 40 lines of 100 columns."""
    tail = [*_asked(found)]
    head = [*_wrapped("", headline(found)), *_wrong(found)]
    case = ["", *smallest_case(found.smallest)] if found.smallest else []
    room = LINES - len(tail) - len(case)
    if len(head) > room:
        head = [*head[: room - 1], "  ..."]
    return "\n".join([*head, *case, *tail])


def headline(found: "Findings") -> str:
    """Return in a line whether the function is right."""
    total, count = len(found.verdicts), sum(bool(verdict["finding"]) for verdict in found.verdicts)
    what = f"{found.name} as {', '.join(found.operations)}"
    if all(verdict["grade"] == "refused" for verdict in found.verdicts):
        return f"{what}: nothing was answered" if total else f"{what}: nothing could be asked"
    if not count:
        return f"{what} is right: {_of(total - _refused(found), total)}"
    return f"{what} is not right: {count} of {total} questions {'was' if count == 1 else 'were'} answered wrongly"


def _of(count: int, total: int) -> str:
    return (
        f"all {total} questions were answered as they should be"
        if count == total
        else f"{count} of {total}, the rest refused"
    )


def _refused(found: "Findings") -> int:
    return sum(verdict["grade"] == "refused" for verdict in found.verdicts)


def _wrong(found: "Findings") -> Iterator[str]:
    """Yield what is wrong with each operation; a mistake that an earlier one has is not explained again."""
    known: set[str] = set()
    for operation in found.operations:
        yield from _operation(found, operation, known)
        known |= {diagnosis.name for diagnosis in found.diagnosed.get(operation, ())[:_DIAGNOSES]}


def _operation(found: "Findings", operation: str, known: set[str]) -> Iterator[str]:
    mine = [verdict for verdict in found.verdicts if verdict["op"] == operation]
    wrong = [verdict for verdict in mine if verdict["finding"]]
    if len(found.operations) > 1:
        yield f"{operation}: {f'{len(wrong)} of {len(mine)} wrong' if wrong else f'right in all {len(mine)}'}"
    diagnosed = found.diagnosed.get(operation, ())
    for place, diagnosis in enumerate(diagnosed[:_DIAGNOSES]):
        yield from described(diagnosis, explanation=diagnosis.name not in known, remedy=place == 0)
    yield from _messages(
        wrong, explained=sum(diagnosis.explains for diagnosis in diagnosed if diagnosis.name != "unexplained")
    )


def described(diagnosis: "Diagnosis", *, explanation: bool = True, remedy: bool = True) -> Iterator[str]:
    """Yield one diagnosis: its name and share, the explanation, the remedy; of what nothing explains, where it is."""
    if diagnosis.name == "unexplained":
        if diagnosis.where:
            yield from _wrapped("  Where: ", diagnosis.where)
        return
    name = f"{diagnosis.name} {diagnosis.detail}".strip()
    where = f", {diagnosis.where}" if diagnosis.where else ""
    yield from _wrapped("  ", f"{name}: explains {diagnosis.explains} of {diagnosis.of} wrong answers{where}")
    if explanation:
        yield from _wrapped("    ", diagnosis.explanation)
    if explanation and remedy:
        yield from _wrapped("    To mend it: ", diagnosis.remedy)


def _messages(wrong: Sequence[Mapping[str, Any]], *, explained: int) -> Iterator[str]:
    """Yield what is wrong beside numbers that a diagnosis explains, by kind with a count and the first of them."""
    kinds: dict[str, list[str]] = {}
    for verdict in wrong:
        for kind, message in _said(verdict, explained=bool(explained)):
            kinds.setdefault(kind, []).append(message)
    for kind, told in sorted(kinds.items(), key=lambda held: -len(held[1]))[:4]:
        yield from _wrapped("  ", f"{kind} ({len(told)} of {len(wrong)}): {told[0]}")


def _said(verdict: Mapping[str, Any], *, explained: bool) -> Iterator[tuple[str, str]]:
    """Yield the kinds of what is said of an answer."""
    grade, message = verdict["grade"], verdict["message"]
    if grade in INACCURATE:
        yield (
            "less accurate than a plain sum",
            f'where that is meant (an FFT, Winograd), say grade="{INACCURATE[-1]}"; {message}',
        )
    elif grade == "wrong" and verdict["worst"] is None:
        kind = next((what for what in ("shape", "dtype") if what in message), "")
        if kind or not explained:
            yield f"wrong {kind}".strip(), message
    elif grade == "wrong" and not explained:
        yield "wrong numbers", message
    elif grade not in ("wrong", "conformant", "refused"):
        yield {"error": "raises"}.get(grade, grade), message
    if verdict["printed"]:
        yield "prints", verdict["printed"]


def smallest_case(smallest: Mapping[str, Any]) -> Iterator[str]:
    """Yield a smallest failing case: the call, the arrays, the answer beside the truth."""
    yield from _wrapped("Smallest failing case: ", smallest["call"])
    rows = {
        **smallest["operands"],
        "answer": smallest["got"],
        "truth": smallest["want"],
        "difference": smallest["difference"],
    }
    wide = max(map(len, rows))
    for name, numbers in rows.items():
        if numbers is not None:
            yield from _array(f"  {name:<{wide}}  ", numbers)
    if smallest["error"]:
        yield from _wrapped(f"  {'error':<{wide}}  ", smallest["error"])


def _array(label: str, numbers: Any) -> Iterator[str]:
    """Yield nested lists in one line if they fit, else an entry of the outermost list a line, cut off after three."""
    line = plain(numbers)
    if len(label) + len(line) <= WIDTH or not isinstance(numbers, list):
        yield label + _cut(line, WIDTH - len(label))
        return
    while len(numbers) == 1:
        numbers = numbers[0]
    for place, entry in enumerate(numbers[:_ARRAY_LINES]):
        more = " ..." if place == _ARRAY_LINES - 1 and len(numbers) > _ARRAY_LINES else ""
        yield (label if place == 0 else " " * len(label)) + _cut(plain(entry), WIDTH - len(label) - len(more)) + more


def plain(numbers: Any) -> str:
    """Return nested lists of numbers in square brackets."""
    if isinstance(numbers, list):
        return f"[{' '.join(map(plain, numbers))}]"
    return numbers if isinstance(numbers, str) else f"{numbers:.6g}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 4]} ..."


def _asked(found: "Findings") -> Iterator[str]:
    yield ""
    yield from _wrapped("Asked: ", found.asked)
    if found.not_asked:
        yield from _wrapped("Not asked: ", "; ".join(found.not_asked))
    for remark in found.remarks[:3]:
        yield from _wrapped("Remark: ", f"it {remark}" if remark.startswith(("returns", "changes")) else remark)


def _wrapped(label: str, words: str) -> list[str]:
    """Return the words behind ``label``, broken at 100 columns, at most four lines."""
    indent = " " * min(len(label), 6)
    lines = textwrap.wrap(words, WIDTH, initial_indent=label, subsequent_indent=indent)
    return lines if len(lines) <= 4 else [*lines[:3], f"{indent}..."]
