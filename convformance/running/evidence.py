"""The evidence of findings: the smallest case that fails so, and a script that shows it.

It is sought when all questions are asked, in a process of its own for each adapter: what fails on one case may crash or
hang on a smaller one, and no question's time is spent on it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

from convformance import scripts
from convformance.adapters import discovery
from convformance.adapters.contract import Adapter
from convformance.adapters.raw import is_raw
from convformance.judging.grades import ACCEPTED, ANSWERED, CLEAN, ERROR, WRONG
from convformance.processes import environment
from convformance.processes.child import Child, Ended, Message, Tell, serve
from convformance.reports.causes import Cause
from convformance.reports.lines import Key, Verdict, as_smallest
from convformance.running.questions import Question, question_of
from convformance.running.runner import VerdictRunner
from convformance.running.smallest import smallest_failing
from convformance.test_cases.fills import EXACT_FILLS

SECONDS = 60.0  # that a process may be silent: to import the framework, or to search
SCRIPT_SECONDS = 30.0  # that a script of raw arguments may take, which may hang


def chosen(verdicts: Iterable[Verdict], causes: Iterable[Cause] = ()) -> list[Verdict]:
    """Return those whose evidence a record keeps: the first of each route, each cause, each known or expected one.

    ``reproduce`` finds the evidence of any other.
    """
    shown = {verdict.key: verdict for verdict in verdicts if _can_be_shown(verdict)}
    first: dict[tuple[str, ...], Verdict] = {}
    for verdict in shown.values():
        reason = verdict.known or verdict.expected
        first.setdefault((verdict.adapter, reason) if reason else verdict.route_key, verdict)
    keys = {verdict.key for verdict in first.values()}
    others = (cause for cause in causes if keys.isdisjoint(verdict.key for verdict in cause.verdicts))
    of_causes = (next((shown[each.key] for each in cause.verdicts if each.key in shown), None) for cause in others)
    return [*first.values(), *filter(None, of_causes)]


def _can_be_shown(verdict: Verdict) -> bool:
    """Whether it diverges, and its process lived to say so: what kills or hangs shows nothing smaller.

    Raw arguments are as small as can be, and their script runs in a process of its own.
    """
    diverges = bool(verdict.finding or verdict.known or verdict.expected)
    return diverges and (verdict.grade in (*ANSWERED, ERROR) or is_raw(verdict.route))


def completed(verdicts: Sequence[Verdict], specs: Mapping[str, str]) -> Iterator[Verdict]:
    """Yield those of ``verdicts`` for which there is evidence, with it.

    ``specs`` says how each adapter is had that can be asked more.
    """
    by_adapter: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.adapter in specs:
            by_adapter.setdefault(verdict.adapter, []).append(verdict)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for batch in pool.map(lambda label: list(_of_adapter(specs[label], by_adapter[label])), by_adapter):
            yield from batch


def _of_adapter(spec: str, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield the verdicts of one adapter with their evidence; a process that dies or hangs over one is replaced."""
    rest = list(verdicts)
    while rest:
        with Child(__name__, env=environment.asking()) as child:
            while rest:
                verdict = rest.pop(0)
                evidence = Evidence.sought(child, spec, verdict.key, verdict.worst.fill if verdict.worst else None)
                if evidence.smallest is not None or evidence.script is not None:
                    smallest = None if evidence.smallest is None else as_smallest(evidence.smallest)
                    yield replace(verdict, smallest=smallest, script=evidence.script)
                if evidence.ended:
                    break


@dataclass
class Evidence:
    """What a process found for one question; ``ended`` says that it died or hung over it."""

    smallest: Message | None = None
    script: str | None = None
    ended: bool = False

    @classmethod
    def sought(cls, child: Child, spec: str, key: Key, fill: str | None) -> "Evidence":
        """Return what ``child`` finds for a question to the adapter that ``spec`` names."""
        evidence = cls()
        request = {"spec": spec, "key": list(key), "fill": fill}
        for event in child.ask(request, silence=SECONDS):
            if isinstance(event, Ended):
                evidence.ended = True
            elif event[0] == "smallest":
                evidence.smallest = event[1]
            elif event[0] == "script":
                evidence.script = event[1]["text"]
        return evidence


def evidence_of(spec: str, operation: str, route: str, case: str, dtype: str, *, fill: str | None) -> Evidence:
    """Return the evidence of one question; without ``fill`` that of the fill that is answered worst.

    Raises UsageError or ValueError for a name that does not exist.
    """
    question = question_of(discovery.load(spec), operation, route, case, dtype)
    with Child(__name__, env=environment.asking()) as child:
        return Evidence.sought(child, spec, question.key, fill)


_runner = cache(lambda spec: VerdictRunner([discovery.load(spec)]))


def _seek(request: Message, tell: Tell) -> None:
    """In the process: find the evidence that is asked for, and tell it piece by piece."""
    runner, selection = _runner(request["spec"]), discovery.load(request["spec"])
    question = question_of(selection, *request["key"][1:])
    verdict = runner.verdict(question)
    if question.case.raw is not None:
        _seek_raw(runner.adapter(selection.label), question, verdict, tell)
        return
    fill = request["fill"] or (verdict.worst.fill if verdict.worst else EXACT_FILLS[0])
    adapter = runner.adapter(selection.label)
    failed = smallest_failing(adapter, question, fill, exact=verdict.grade not in (WRONG, ERROR))
    if failed is None:
        return
    tell("smallest", failed.to_json())
    text = scripts.script_of(
        adapter, question.route, failed, case_id=question.case.id, dtype=question.dtype, message=verdict.message
    )
    ran = scripts.run_here(text) if text else None
    if ran is not None and ran.diverges:
        tell("script", {"text": f"{text}{ran.comment}\n"})


def _seek_raw(adapter: Adapter, question: Question, verdict: Verdict, tell: Tell) -> None:
    """Tell the script of raw arguments that are neither refused nor answered rightly, if it ends as it says."""
    if verdict.grade in CLEAN:
        return
    answered = verdict.grade == ACCEPTED
    text = scripts.raw_script(
        adapter, question.route, question.case, dtype=question.dtype, message=verdict.message, answered=answered
    )
    ran = scripts.run(text, timeout=SCRIPT_SECONDS)
    if ran.diverges:
        tell("script", {"text": f"{text}{ran.comment}\n"})


if __name__ == "__main__":
    serve(_seek)
