"""The evidence of findings: the smallest case that fails so, and a script that shows it.

It is sought when all questions are asked, in a process of its own for each adapter: what fails on one case may crash or
hang on a smaller one, and no question's time is spent on it. Each script is then run in a process of its own, and is no
evidence where it does not end as it says.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from convformance import scripts
from convformance.adapters import discovery
from convformance.adapters.contract import Adapter
from convformance.adapters.discovery import Selection
from convformance.adapters.raw import is_raw
from convformance.judging.diagnosis import EXPLANATIONS
from convformance.judging.grades import ACCEPTED, ANSWERED, CLEAN, CRASHED, ERROR, REFUSED, WRONG
from convformance.judging.smallest import Failure
from convformance.processes import environment
from convformance.processes.child import Child, Ended, Message, Tell, serve
from convformance.reports.causes import Cause
from convformance.reports.lines import Verdict, as_smallest
from convformance.reports.script_run import ScriptRun
from convformance.running.dying import smallest_dying
from convformance.running.questions import Question, question_of
from convformance.running.runner import VerdictRunner
from convformance.running.smallest import smallest_failing
from convformance.test_cases.fills import EXACT_FILLS

SECONDS = 150.0  # that a process may be silent: to import the framework, or to search


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
    """Whether it diverges, and can be asked again: what hangs has nothing smaller that is sure to end.

    Raw arguments are as small as can be, and are always asked in a process of their own.
    """
    diverges = bool(verdict.finding or verdict.known or verdict.expected)
    return diverges and (verdict.grade in (*ANSWERED, ERROR, CRASHED) or is_raw(verdict.route))


def completed(verdicts: Sequence[Verdict], specs: Mapping[str, str], *, runs: bool = True) -> Iterator[Verdict]:
    """Yield those of ``verdicts`` for which there is evidence, with it.

    ``specs`` says how each adapter is had that can be asked more; ``runs``: scripts are run, and say how they ended.
    """
    by_process: dict[tuple[str, bool], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.adapter in specs:
            by_process.setdefault((verdict.adapter, verdict.grade == CRASHED), []).append(verdict)
    search = _Search(specs, runs=runs)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            yield from chain.from_iterable(pool.map(search.of_adapter, by_process, by_process.values()))
        except KeyboardInterrupt:  # whoever interrupts does not want to wait; what is there stays
            search.stop()
            pool.shutdown(cancel_futures=True)


class _Search:
    """The search for evidence, adapter by adapter in threads of their own, until it is stopped."""

    def __init__(self, specs: Mapping[str, str], *, runs: bool) -> None:
        self._specs, self._runs = specs, runs
        self._is_stopped = False
        self._at_work: list[Child | scripts.Batch] = []

    def stop(self) -> None:
        """End every process that is at work, and start no other."""
        self._is_stopped = True
        for each in list(self._at_work):
            each.kill()

    def of_adapter(self, process: tuple[str, bool], verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Return the verdicts of one adapter with their evidence; a process that dies or hangs over one is replaced.

        What crashed is sought by forks, and so in a process that has not used the framework otherwise.
        """
        rest, completed = list(verdicts), list[Verdict]()
        with scripts.Batch() as batch:
            self._at_work.append(batch)
            while rest and not self._is_stopped:
                with Child(__name__, env=environment.asking()) as child:
                    self._at_work.append(child)
                    completed += self._by_child(child, self._specs[process[0]], rest, batch)
        return completed

    def _by_child(self, child: Child, spec: str, rest: list[Verdict], batch: scripts.Batch) -> Iterator[Verdict]:
        """Take from ``rest`` what one process lives through, and yield what there is evidence for."""
        while rest and not self._is_stopped:
            verdict = rest.pop(0)
            evidence = Evidence.sought(child, spec, verdict)
            if self._runs and not self._is_stopped:
                evidence.run(batch)
            if not self._is_stopped and (evidence.smallest is not None or evidence.script is not None):
                yield evidence.added_to(verdict)
            if evidence.ended:
                break


@dataclass
class Evidence:
    """What a process found for one question; ``ended`` says that it died or hung over it.

    ``known`` names the known divergence that covers what it answered this time.
    """

    smallest: Message | None = None
    script: str | None = None
    ended: bool = False
    known: str | None = None
    ran: scripts.Ran | None = None

    @classmethod
    def sought(cls, child: Child, spec: str, verdict: Verdict) -> "Evidence":
        """Return what ``child`` finds for a verdict of the adapter that ``spec`` names."""
        reason = _reason(discovery.load(spec), verdict)
        fill, grade = verdict.worst.fill if verdict.worst else None, verdict.grade
        return cls.of(child, {"spec": spec, "key": list(verdict.key), "fill": fill, "reason": reason, "grade": grade})

    @classmethod
    def of(cls, child: Child, request: Message) -> "Evidence":
        """Return what ``child`` finds for one question."""
        evidence = cls()
        for event in child.ask(request, silence=SECONDS):
            if isinstance(event, Ended):
                evidence.ended = True
            elif event[0] == "verdict":
                evidence.known = event[1]["known"]
            elif event[0] == "smallest":
                evidence.smallest = event[1]
            elif event[0] == "script":
                evidence.script = event[1]["text"]
        return evidence

    def run(self, batch: scripts.Batch) -> None:
        """Run the script, if there is one."""
        self.ran = None if self.script is None else batch.run(self.script)

    def added_to(self, verdict: Verdict) -> Verdict:
        """Return the verdict with this evidence."""
        smallest = None if self.smallest is None else as_smallest(self.smallest)
        ran = None if self.ran is None else ScriptRun(fails=self.ran.diverges, ending=self.ran.ending)
        return replace(verdict, smallest=smallest, script=self.script, script_run=ran)


def evidence_of(spec: str, operation: str, route: str, case: str, dtype: str, *, fill: str | None) -> Evidence:
    """Return the evidence of one question; without ``fill`` that of the fill that is answered worst.

    Raises UsageError or ValueError for a name that does not exist.
    """
    question = question_of(discovery.load(spec), operation, route, case, dtype)
    request = {"spec": spec, "key": list(question.key), "fill": fill, "reason": "", "grade": ""}
    with scripts.Batch() as batch:
        for grade in ("", CRASHED):  # a question that ends its process is asked again, in forks
            with Child(__name__, env=environment.asking()) as child:
                evidence = Evidence.of(child, {**request, "grade": grade})
            if not evidence.ended:
                break
        evidence.run(batch)
    return evidence


def _reason(selection: Selection, verdict: Verdict) -> str:
    """Return why an answer is as it is, in words for somebody who never saw this suite; empty where nobody knows."""
    known = (each.reason for each in selection.known_divergences if each.name == verdict.known)
    explained = (EXPLANATIONS[name].explanation for name in verdict.diagnosis if name in EXPLANATIONS)
    return next(chain(known, explained), "")


_runner = cache(lambda spec: VerdictRunner([discovery.load(spec)]))


def _seek(request: Message, tell: Tell) -> None:
    """In the process: find the evidence that is asked for, and tell it piece by piece."""
    runner, selection = _runner(request["spec"]), discovery.load(request["spec"])
    question = question_of(selection, *request["key"][1:])
    adapter = runner.adapter(selection.label)
    if request["grade"] == CRASHED and question.case.raw is None:
        _tell_failure(adapter, question, smallest_dying(adapter, question), request["reason"], tell)
        return
    verdict = runner.verdict(question)
    tell("verdict", {"known": verdict.known})
    reason = request["reason"] or _reason(selection, verdict)
    if question.case.raw is not None:
        _seek_raw(adapter, question, verdict, reason, tell)
        return
    if verdict.grade == REFUSED:
        return
    fill = request["fill"] or (verdict.worst.fill if verdict.worst else EXACT_FILLS[0])
    failed = smallest_failing(adapter, question, fill, exact=verdict.grade not in (WRONG, ERROR))
    _tell_failure(adapter, question, failed, reason, tell)


def _tell_failure(adapter: Adapter, question: Question, failed: Failure | None, reason: str, tell: Tell) -> None:
    """Tell a smallest failure and its script, where there are any."""
    if failed is None:
        return
    tell("smallest", failed.to_json())
    text = scripts.script_of(
        adapter, question.route, failed, case_id=question.case.id, dtype=question.dtype, message=reason
    )
    if text is not None:
        tell("script", {"text": text})


def _seek_raw(adapter: Adapter, question: Question, verdict: Verdict, reason: str, tell: Tell) -> None:
    """Tell the script of raw arguments that are neither refused nor answered rightly."""
    if verdict.grade not in CLEAN:
        text = scripts.raw_script(
            adapter,
            question.route,
            question.case,
            dtype=question.dtype,
            message=verdict.message,
            answered=verdict.grade == ACCEPTED,
            reason=reason,
        )
        tell("script", {"text": text})


if __name__ == "__main__":
    serve(_seek)
