"""Looking for the script of a known divergence: the questions that it covers are asked until one of them shows it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice, takewhile
from math import prod

from convformance.adapters import discovery
from convformance.judging.grades import CRASHED, TIMED_OUT
from convformance.processes import environment
from convformance.processes.child import Child
from convformance.processes.machine import this_machine
from convformance.running.evidence import Evidence
from convformance.running.questions import Question, Scope
from convformance.running.status import covers
from convformance.scripts import Batch
from convformance.test_cases import catalogue
from convformance.test_cases.case import HUGE
from tests.findings.catalogue import LONGEST, Entry, as_in
from tests.machines import World

# For one divergence: time, questions, those of them that diverge, and scripts to choose the shortest of.
SECONDS, ASKED, TRIES, ENOUGH = 90.0, 240, 24, 2


class Searching:
    """Looks for scripts; a context manager. A framework is imported once for all that is asked of it in one world."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._children: dict[tuple[str, ...], Child] = {}
        self._batches: dict[tuple[str, str], Batch] = {}

    def __enter__(self) -> "Searching":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def script_of(self, entry: Entry) -> str | None:
        """Return the shortest of the first scripts that show a divergence and end as they say; None without any."""
        world = entry.world()
        if world is None or not entry.is_of(discovery.load(entry.spec)):
            return None
        batch = self._batch(entry.adapter.name, world)
        end, scripts = time.monotonic() + SECONDS, []
        for text in islice(self._scripts(entry, world, end), TRIES):
            if _is_short(text) and batch.run(text).diverges:
                scripts.append(text)
            if len(scripts) == (1 if entry.divergence.raw else ENOUGH):
                break
        return min(scripts, key=lambda text: (len(text.splitlines()), len(text)), default=None)

    def _batch(self, name: str, world: World) -> Batch:
        key = name, world.name
        if key not in self._batches:
            self._batches[key] = self._stack.enter_context(Batch(world.variables))
        return self._batches[key]

    def _scripts(self, entry: Entry, world: World, end: float) -> Iterator[str]:
        """Yield the scripts of questions that it covers, until it is ``end``.

        What crashes is sought in a process that only forks.
        """
        divergence = entry.divergence
        grade = CRASHED if set(divergence.grades) <= {CRASHED, TIMED_OUT} and not divergence.raw else ""
        key = entry.spec, world.name, grade
        for question in takewhile(lambda _: time.monotonic() < end, _questions(entry, world)[:ASKED]):
            if key not in self._children:
                env = {**environment.asking(), **world.variables}
                self._children[key] = self._stack.enter_context(Child("convformance.running.evidence", env=env))
            request = {"spec": entry.spec, "key": list(question.key), "fill": None, "grade": grade}
            evidence = Evidence.of(self._children[key], {**request, "reason": divergence.reason})
            if evidence.ended:
                del self._children[key]
            if evidence.script is not None and (grade or evidence.known == divergence.name):
                yield evidence.script


def _is_short(text: str) -> bool:
    """Whether a script has few lines, and none that asks through this suite."""
    return len(text.splitlines()) <= LONGEST and "from convformance" not in text


def _questions(entry: Entry, world: World) -> list[Question]:
    selection, machine = discovery.load(entry.spec), as_in(world, this_machine())
    asked = Scope(catalogue.all_cases()).questions([selection])
    covered = [each for each in asked if covers(entry.divergence, each, selection, machine) and each.case.tier != HUGE]
    by_route: dict[str, list[Question]] = {}
    for question in sorted(covered, key=_size):
        by_route.setdefault(question.route.name, []).append(question)
    return list(_in_turn([list(_in_turn(_halves(questions))) for questions in by_route.values()]))


def _halves(questions: list[Question]) -> list[list[Question]]:
    """Return the larger ones and the smaller ones: a small sum does not show in which type it was kept."""
    middle = len(questions) // 2
    return [questions[middle:], questions[:middle]]


def _in_turn(lists: list[list[Question]]) -> Iterator[Question]:
    """Yield the first of each list, then the second of each, and so on."""
    for turn in range(max(map(len, lists), default=0)):
        yield from (questions[turn] for questions in lists if turn < len(questions))


def _size(question: Question) -> tuple[bool, bool, int]:
    """Order questions: those without special values first, those that read nothing last, then by how much is read."""
    sizes = [prod(shape) for shape in question.case.problem.operand_shapes(question.operation)]
    return 0 in sizes, bool(question.case.special), sum(sizes)
