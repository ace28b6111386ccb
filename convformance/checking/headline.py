"""The first line of a result: is the function right, and in how much of what could be asked?"""

from convformance.checking.findings import FAST, FORM, NOTHING, PARTIAL, WRONG, Findings

_REFUSED = 2  # kinds of refusals that the first line names
_FORM = 2  # kinds of what is wrong with the form of answers


def headline(findings: Findings) -> str:
    """Return in a line whether the function is right, and how much was asked."""
    subject = f"{findings.name} as {', '.join(findings.operations)}"
    return f"{subject} {_said(findings)}{findings.asked_otherwise}"


def _said(findings: Findings) -> str:
    verdict = findings.verdict
    if verdict == PARTIAL:
        return f"is right where it answers ({_of_all(findings)}: {_refuses(findings)})"
    if verdict == NOTHING:
        return "was answered nothing" if findings.verdicts else "could be asked nothing"
    if verdict in (FORM, WRONG):
        return _form(findings) if verdict == FORM else _wrong(findings)
    accuracy = ", with the accuracy of a fast algorithm," if verdict == FAST else ""
    return f"is right{accuracy} in {_answered(findings)}"


def _answered(findings: Findings) -> str:
    """Return which questions were answered, all of them rightly."""
    count = findings.answered
    if findings.unasked:
        return f"the {count} of {len(findings.verdicts) + findings.unasked} that {findings.seconds:g} s allowed"
    return f"the {count} {'question' if count == 1 else 'questions'} asked"


def _of_all(findings: Findings) -> str:
    total = len(findings.verdicts)
    allowed = f" that {findings.seconds:g} s of {total + findings.unasked} allowed" if findings.unasked else ""
    return f"{findings.answered} of {total}{allowed}"


def _refuses(findings: Findings) -> str:
    labels = [refusal.label for refusal in findings.refusals if not refusal.by_call]
    more = f" and {len(labels) - _REFUSED} more" if len(labels) > _REFUSED else ""
    return f"refuses {', '.join(labels[:_REFUSED])}{more}"


def form_phrases(findings: Findings) -> list[str]:
    """Return what the function does that is wrong beside numbers, each with how often."""
    return [f"{fault.does} ({fault.count} of {fault.of})" for fault in findings.form[:_FORM]]


def _form(findings: Findings) -> str:
    phrases = form_phrases(findings)
    if all(fault.kind == "prints" for fault in findings.form):
        return f"is right but {phrases[0]}: numbers right in {_all(findings)}"
    return f"is not right in form: numbers right in {_all(findings)}; {', '.join(phrases)}"


def _all(findings: Findings) -> str:
    return f"all {findings.answered}" if not findings.unasked else _answered(findings)


def _wrong(findings: Findings) -> str:
    wrong = sum(each.is_wrong for each in findings.verdicts)
    if not wrong:  # with strict, what is refused is all that counts
        return f"is not right: {findings.refused} of {len(findings.verdicts)} questions were refused"
    total, refused = findings.answered, findings.refused
    unasked = f", {findings.unasked} for which {findings.seconds:g} s were too short" if findings.unasked else ""
    parts = f"{wrong} of {total} questions {'was' if wrong == 1 else 'were'} answered wrongly"
    parts += f", {refused} refused" if refused else ""
    form = "".join(f"; {phrase}" for phrase in form_phrases(findings))
    return f"is not right: {parts}{unasked}{form}"
