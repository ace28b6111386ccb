"""The result as text for a terminal: what was asked and not, what is wrong, how to mend it, the smallest cases."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convformance.checking.findings import PARTIAL, CheckVerdict, Findings
from convformance.checking.headline import headline
from convformance.judging.diagnosis import RAISES, UNEXPLAINED, Diagnosis
from convformance.judging.grades import CLEAN, ERROR, INACCURATE, WRONG

WIDTH, LINES = 100, 40
_LINES_OF_ENTRY, _LINES_OF_NOT_ASKED = 4, 8
_ARRAY_LINES = 3
_KINDS = 4  # of messages of one operation
_DIAGNOSES = 2  # of one operation
_REMARKS = 3
_FORM_NAMES = ("wrong-dtype", "operand-changed")  # what is wrong beside numbers
# How the messages begin that say the same as a diagnosis.
_BEGINNINGS = {
    "wrong-shape": "the result has shape",
    "wrong-dtype": "the result has dtype",
    "operand-changed": "changed its operand",
}
_LEAST_BODY = 12  # lines of what is wrong that smallest cases leave room for


def document(findings: Findings) -> str:
    """Return at most 40 lines of 100 columns."""
    head = [*_wrapped("", headline(findings)), *_not_asked(findings)]
    tail = ["", *_asked(findings)]
    body = [*_mistakes(findings), *besides(findings)]
    room = LINES - len(head) - len(tail)
    shown = _cases_that_have_room(findings, room - min(len(body), _LEAST_BODY))
    if len(body) > room - len(shown):
        body = [*body[: max(room - len(shown) - 1, 0)], "  ..."]
    return "\n".join([*head, *body, *shown, *tail])


def _cases_that_have_room(findings: Findings, room: int) -> list[str]:
    """Return the smallest cases, each in lines of its own, the first and those others that fit."""
    lines: list[str] = []
    for operation, smallest in findings.smallest_cases.items():
        of = operation if len(findings.operations) > 1 else ""
        more = ["", *smallest_case(smallest, operation=of, refused=findings.verdict == PARTIAL)]
        if lines and len(lines) + len(more) > room:
            break
        lines += more
    return lines


def _mistakes(findings: Findings) -> Iterator[str]:
    """Yield what is wrong with each operation; what has been explained is not explained again."""
    explained: set[str] = set()
    for operation in findings.operations:
        wrong, diagnoses = findings.wrong(operation), findings.diagnoses.get(operation, ())
        if len(findings.operations) > 1:
            yield _count_line(findings, operation, wrong)
        for index, diagnosis in enumerate(diagnoses[:_DIAGNOSES]):
            yield from diagnosis_lines(diagnosis, explanation=diagnosis.explanation not in explained, remedy=index == 0)
        explained |= {diagnosis.explanation for diagnosis in diagnoses[:_DIAGNOSES]}
        yield from _messages(wrong, diagnoses)


def _count_line(findings: Findings, operation: str, wrong: Sequence[CheckVerdict]) -> str:
    """Return how many of the questions of an operation were answered wrongly."""
    asked = [each for each in findings.verdicts if each.verdict.op == operation]
    refused = sum(each.is_refused for each in asked)
    total, count = len(asked) - refused, sum(each.is_wrong for each in wrong)
    said = f"{count} of {total} wrong" if count else f"right in all {total}"
    return f"{operation}: {said}" + (f", {refused} refused" if refused else "")


def diagnosis_lines(diagnosis: Diagnosis, *, explanation: bool = True, remedy: bool = True) -> Iterator[str]:
    """Yield one diagnosis: name and share, explanation, remedy; of what nothing explains only where it is, if known."""
    if diagnosis.name == UNEXPLAINED:
        if diagnosis.where:
            yield from _wrapped("  Where: ", diagnosis.where)
        return
    name = f"{diagnosis.name} {diagnosis.detail}".strip()
    where = f", {diagnosis.where}" if diagnosis.where else ""
    wrong = "answers" if diagnosis.name in _FORM_NAMES else "wrong answers"
    verb = "" if diagnosis.name in _FORM_NAMES else "explains "
    yield from _wrapped("  ", f"{name}: {verb}{diagnosis.explains} of {diagnosis.of} {wrong}{where}")
    if explanation:
        yield from _wrapped("    ", diagnosis.explanation)
    if explanation and remedy:
        yield from _wrapped("    To mend it: ", diagnosis.remedy)


def _messages(wrong: Sequence[CheckVerdict], diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
    """Yield what is wrong beside what diagnoses say, by kind with a count and the first of them."""
    explained = any(diagnosis.name != UNEXPLAINED for diagnosis in diagnoses)
    said = {_beginning(diagnosis) for diagnosis in diagnoses[:_DIAGNOSES]} - {""}
    by_kind: dict[str, list[str]] = {}
    for verdict in wrong:
        for kind, message in _kinds(verdict, explained=explained):
            if not message.startswith(tuple(said)):
                by_kind.setdefault(kind, []).append(message)
    for kind, messages in sorted(by_kind.items(), key=lambda item: -len(item[1]))[:_KINDS]:
        yield from _wrapped("  ", f"{kind} ({len(messages)} of {len(wrong)}): {messages[0]}")


def _beginning(diagnosis: Diagnosis) -> str:
    """Return how the messages begin that say the same as a diagnosis, "" where there are none."""
    if diagnosis.name == RAISES:
        return diagnosis.detail or "returned"
    return _BEGINNINGS.get(diagnosis.name, "")


def _kinds(answered: CheckVerdict, *, explained: bool) -> Iterator[tuple[str, str]]:
    """Yield the kinds of what is wrong with an answer, each with its message."""
    verdict = answered.verdict
    grade, message = verdict.grade, verdict.message
    for fault in answered.form:
        kind = next((part for part in ("shape", "dtype") if f"has {part}" in fault), "")
        if not fault.startswith("prints"):
            yield f"wrong {kind}" if kind else "changes an operand", fault
    if answered.printed:
        yield "prints", answered.printed
    if answered.numbers_right or answered.is_refused:
        return
    if grade in INACCURATE:
        yield "less accurate than a plain sum", message
    elif grade == WRONG and verdict.worst is None and not answered.form:  # no numbers to compare
        if "has shape" in message or not explained:
            yield "wrong shape" if "has shape" in message else "wrong", message
    elif grade == WRONG and not explained:
        yield "wrong numbers", message
    elif grade not in (WRONG, *CLEAN):
        yield "raises" if grade == ERROR else grade, message


def _refusals(findings: Findings) -> Iterator[str]:
    """Yield what is refused, by whom, and the line of the user's file that says so."""
    for refusal in findings.refusals:
        who = "The call refuses" if refusal.by_call else "Refuses"
        what = f"{refusal.condition}: " if refusal.condition else ""
        where = f" ({refusal.where})" if refusal.where else ""
        yield from _wrapped("  ", f"{who} {what}{refusal.error}{where}, {refusal.count} of {len(findings.verdicts)}")


def besides(findings: Findings) -> list[str]:
    """Return the lines of what is no diagnosis: what is refused, and what may have been forgotten."""
    return [*_refusals(findings), *_hints(findings)]


def _hints(findings: Findings) -> Iterator[str]:
    for hint in findings.hints:
        yield from _wrapped("  Hint: ", hint)


def smallest_case(smallest: Mapping[str, Any], *, operation: str = "", refused: bool = False) -> Iterator[str]:
    """Yield a smallest failing case: the call, the arrays, the answer beside the truth."""
    of = f" of {operation}" if operation else ""
    label = f"Smallest {'refused' if refused else 'failing'} case{of}: "
    yield from _wrapped(label, smallest["call"])
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


def _not_asked(findings: Findings) -> Iterator[str]:
    if findings.not_asked:
        yield from _wrapped("Not asked: ", "; ".join(findings.not_asked), lines=_LINES_OF_NOT_ASKED)


def _asked(findings: Findings) -> Iterator[str]:
    yield from _wrapped("Asked: ", findings.asked)
    for remark in findings.remarks[:_REMARKS]:
        yield from _wrapped("Remark: ", f"it {remark}" if remark.startswith(("returns", "changes")) else remark)


def _wrapped(label: str, entry: str, *, lines: int = _LINES_OF_ENTRY) -> list[str]:
    """Return ``entry`` behind its label, broken at 100 columns, at most so many lines."""
    indent = " " * min(len(label), 6)
    broken = textwrap.wrap(entry, WIDTH, initial_indent=label, subsequent_indent=indent, break_on_hyphens=False)
    return broken if len(broken) <= lines else [*broken[: lines - 1], f"{indent}..."]
