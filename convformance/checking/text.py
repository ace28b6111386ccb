"""The result as text for a terminal: what is wrong, how to mend it, the smallest failing case, what was asked."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convformance.checking.findings import CheckVerdict, Findings
from convformance.judging.diagnosis import UNEXPLAINED, Diagnosis
from convformance.judging.grades import CLEAN, ERROR, INACCURATE, NORM_WISE, WRONG

WIDTH, LINES = 100, 40
_LINES_OF_ENTRY = 4
_ARRAY_LINES = 3
_KINDS = 4  # of messages of one operation
_DIAGNOSES = 2  # of one operation
_REMARKS = 3


def document(findings: Findings) -> str:
    """Return at most 40 lines of 100 columns."""
    tail = ["", *_asked(findings)]
    head = [*_wrapped("", headline(findings)), *_mistakes(findings)]
    case = ["", *smallest_case(findings.smallest)] if findings.smallest else []
    room = LINES - len(tail) - len(case)
    if len(head) > room:
        head = [*head[: room - 1], "  ..."]
    return "\n".join([*head, *case, *tail])


def headline(findings: Findings) -> str:
    """Return in a line whether the function is right."""
    total, wrong, refused = len(findings.verdicts), len(findings.wrong()), findings.refused
    subject = f"{findings.name} as {', '.join(findings.operations)}"
    if not total:
        return f"{subject}: nothing could be asked"
    if refused == total:
        return f"{subject}: nothing was answered"
    if wrong:
        verb = "was" if wrong == 1 else "were"
        return f"{subject} is not right: {wrong} of {total} questions {verb} answered wrongly"
    if refused:
        return f"{subject} is right: {total - refused} of {total}, the rest refused"
    return f"{subject} is right: all {total} questions were answered as they should be"


def _mistakes(findings: Findings) -> Iterator[str]:
    """Yield what is wrong with each operation; a mistake that an earlier one has is not explained again."""
    explained: set[str] = set()
    for operation in findings.operations:
        wrong, diagnoses = findings.wrong(operation), findings.diagnoses.get(operation, ())
        if len(findings.operations) > 1:
            total = sum(each.verdict.op == operation for each in findings.verdicts)
            yield f"{operation}: {f'{len(wrong)} of {total} wrong' if wrong else f'right in all {total}'}"
        for index, diagnosis in enumerate(diagnoses[:_DIAGNOSES]):
            yield from diagnosis_lines(diagnosis, explanation=diagnosis.name not in explained, remedy=index == 0)
        explained |= {diagnosis.name for diagnosis in diagnoses[:_DIAGNOSES]}
        yield from _messages(wrong, explained=any(diagnosis.name != UNEXPLAINED for diagnosis in diagnoses))


def diagnosis_lines(diagnosis: Diagnosis, *, explanation: bool = True, remedy: bool = True) -> Iterator[str]:
    """Yield one diagnosis: name and share, explanation, remedy; of what nothing explains only where it is, if known."""
    if diagnosis.name == UNEXPLAINED:
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


def _messages(wrong: Sequence[CheckVerdict], *, explained: bool) -> Iterator[str]:
    """Yield what is wrong beside numbers that a diagnosis explains, by kind with a count and the first of them."""
    by_kind: dict[str, list[str]] = {}
    for verdict in wrong:
        for kind, message in _kinds(verdict, explained=explained):
            by_kind.setdefault(kind, []).append(message)
    for kind, messages in sorted(by_kind.items(), key=lambda item: -len(item[1]))[:_KINDS]:
        yield from _wrapped("  ", f"{kind} ({len(messages)} of {len(wrong)}): {messages[0]}")


def _kinds(answered: CheckVerdict, *, explained: bool) -> Iterator[tuple[str, str]]:
    """Yield the kinds of what is wrong with an answer, each with its message."""
    verdict = answered.verdict
    grade, message = verdict.grade, verdict.message
    if grade in INACCURATE:
        meant = f'where that is meant (an FFT, Winograd), say grade="{NORM_WISE}"'
        yield "less accurate than a plain sum", f"{meant}; {message}"
    elif grade == WRONG and verdict.worst is None:  # the form of the answer, not its numbers
        kind = next((part for part in ("shape", "dtype") if part in message), "")
        if kind or not explained:
            yield f"wrong {kind}".strip(), message
    elif grade == WRONG and not explained:
        yield "wrong numbers", message
    elif grade not in (WRONG, *CLEAN):
        yield "raises" if grade == ERROR else grade, message
    if answered.printed:
        yield "prints", answered.printed


def smallest_case(smallest: Mapping[str, Any]) -> Iterator[str]:
    """Yield a smallest failing case: the call, the arrays, the answer beside the truth."""
    yield from _wrapped("Smallest failing case: ", smallest["call"])
    arrays = arrays_of(smallest)
    width = max(map(len, (*arrays, "difference")))
    for name, numbers in arrays.items():
        yield from _array_lines(f"  {name:<{width}}  ", numbers)
    if smallest["error"]:
        yield from _wrapped(f"  {'error':<{width}}  ", smallest["error"])


def arrays_of(smallest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arrays that there are in a smallest failing case, each with its label."""
    arrays = {"answer": smallest["got"], "truth": smallest["want"], "difference": smallest["difference"]}
    return {**smallest["operands"], **{name: numbers for name, numbers in arrays.items() if numbers is not None}}


def _array_lines(label: str, numbers: Any) -> Iterator[str]:
    """Yield nested lists in one line if they fit, else an entry of the outermost list a line, cut off after three."""
    line = format_array(numbers)
    if len(label) + len(line) <= WIDTH or not isinstance(numbers, list):
        yield label + _cut(line, WIDTH - len(label))
        return
    while len(numbers) == 1:
        numbers = numbers[0]
    for index, entry in enumerate(numbers[:_ARRAY_LINES]):
        more = " ..." if index == _ARRAY_LINES - 1 and len(numbers) > _ARRAY_LINES else ""
        yield label + _cut(format_array(entry), WIDTH - len(label) - len(more)) + more
        label = " " * len(label)


def format_array(numbers: Any) -> str:
    """Return nested lists of numbers in square brackets."""
    if isinstance(numbers, list):
        return f"[{' '.join(map(format_array, numbers))}]"
    return numbers if isinstance(numbers, str) else f"{numbers:.6g}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 4]} ..."


def _asked(findings: Findings) -> Iterator[str]:
    yield from _wrapped("Asked: ", findings.asked)
    if findings.not_asked:
        yield from _wrapped("Not asked: ", "; ".join(findings.not_asked))
    for remark in findings.remarks[:_REMARKS]:
        yield from _wrapped("Remark: ", f"it {remark}" if remark.startswith(("returns", "changes")) else remark)


def _wrapped(label: str, entry: str) -> list[str]:
    """Return ``entry`` behind its label, broken at 100 columns, at most four lines."""
    indent = " " * min(len(label), 6)
    lines = textwrap.wrap(entry, WIDTH, initial_indent=label, subsequent_indent=indent)
    return lines if len(lines) <= _LINES_OF_ENTRY else [*lines[: _LINES_OF_ENTRY - 1], f"{indent}..."]
