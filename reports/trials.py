"""Where else a cause was looked for: other versions and machines in the records, and the same tests asked otherwise."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from convformance.judging.grades import BY_NAME, CONFORMANT, REFUSED
from convformance.reports.lines import Run, Verdict
from convformance.reports.record import Records


@dataclass(frozen=True)
class Trial:
    """A run of the framework: how many of the tests that show a cause it was asked, and how many diverge in it, too."""

    run: Run
    asked: int
    diverged: int


@dataclass(frozen=True)
class Beside:
    """What is right beside a cause: types and routes in which all of the same tests are, and how many other tests."""

    dtypes: tuple[str, ...]
    routes: tuple[str, ...]
    others: int


def trials(records: Records, adapter: str, verdicts: Sequence[Verdict]) -> list[Trial]:
    """Return the runs of the same framework in the same mode, that of ``adapter`` first."""
    own = records.runs[adapter].run if adapter in records.runs else Run(adapter=adapter)
    tests = {verdict.key[1:] for verdict in verdicts}
    runs = []
    for label, state in records.runs.items():
        run = state.run
        if (run.framework, run.mode) == (own.framework, own.mode) and run.framework == own.framework:
            same = [records.verdicts[label, *test] for test in tests if (label, *test) in records.verdicts]
            runs.append((label != adapter, Trial(run, len(same), sum(map(_diverges, same)))))
    return [trial for _, trial in sorted(runs, key=lambda each: (each[0], each[1].run.framework_version))]


def right_beside(records: Records, verdicts: Sequence[Verdict]) -> Beside:
    """Return what is right where ``verdicts`` are not, on their adapter."""
    adapter, keys = verdicts[0].adapter, {verdict.key for verdict in verdicts}
    tests = {(verdict.op, verdict.case) for verdict in verdicts}
    calls = {(verdict.op, verdict.route, verdict.dtype) for verdict in verdicts}
    dtypes, routes = ({getattr(verdict, name) for verdict in verdicts} for name in ("dtype", "route"))
    own = [each for each in records.verdicts.values() if each.adapter == adapter and each.key not in keys]
    same = [each for each in own if (each.op, each.case) in tests]
    others = sum(_is_right(each) for each in own if (each.op, each.route, each.dtype) in calls)
    in_dtypes = _all_right((each.dtype, each) for each in same if each.route in routes and each.dtype not in dtypes)
    by_routes = _all_right((each.route, each) for each in same if each.dtype in dtypes and each.route not in routes)
    return Beside(tuple(in_dtypes), tuple(by_routes), others)


def _all_right(named: Iterable[tuple[str, Verdict]]) -> Iterator[str]:
    """Yield the names of which every answer is right; what is refused gives none."""
    by_name: dict[str, list[Verdict]] = {}
    for name, verdict in named:
        if verdict.grade != REFUSED:
            by_name.setdefault(name, []).append(verdict)
    yield from (name for name, verdicts in sorted(by_name.items()) if all(map(_is_right, verdicts)))


def _is_right(verdict: Verdict) -> bool:
    return verdict.grade == CONFORMANT


def _diverges(verdict: Verdict) -> bool:
    return not BY_NAME[verdict.grade].clean
