"""``python -m tests.zoo``: ask the zoo and the garden, write what was found, and fail where the suite has a gap."""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from convformance.test_cases.case import DTYPES, TIERS
from tests.zoo import others, others_page, page, tolerances
from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.figures import Figures
from tests.zoo.matrix import How, explained, plan, questions, records
from tests.zoo.seeds import unfair, unsteady


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when three cases catch each defect, no right implementation is called wrong, seeds change nothing."""
    options = _options(arguments)
    if options.others:
        return _write_others(options)
    started = time.perf_counter()
    figures = _figures(options)
    failures = [] if options.rules_only else figures.failures()
    _write(figures, options)
    seconds = time.perf_counter() - started
    print(f"{len(figures.zoo)} wrong and {len(figures.garden)} right implementations in {seconds:.0f} s")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser("python -m tests.zoo", description="What the suite catches, and what it must not.")
    parser.add_argument("--tier", choices=TIERS, default="standard")
    parser.add_argument("--dtype", action="append", choices=DTYPES, help="only this one; may be given several times")
    parser.add_argument("-n", "--processes", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds must give the same outcome (default: 20)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of zoo.json and zoo.html (default: out)")
    parser.add_argument("--page", type=Path, help="where to write the page in Markdown, such as docs/teeth.md")
    parser.add_argument("--tolerances", type=Path, help="where to write that on tolerances, such as docs/tolerances.md")
    parser.add_argument("--others", type=Path, metavar="PAGE", help="only measure others' cases, into their section")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask a sample, every Nth question")
    parser.add_argument("--rules-only", action="store_true", help="compare rules: explain nothing, try no other seeds")
    return parser.parse_args(arguments)


def _figures(options: Namespace) -> Figures:
    members, processes = (*ZOO, *GARDEN), options.processes
    asked = questions(options.tier, options.dtype or DTYPES)[:: options.every]
    recorded = records(members, plan(members, asked), How(rules=True), processes=processes)
    if options.rules_only:
        return Figures(options.tier, recorded[: len(ZOO)], recorded[len(ZOO) :])
    zoo = explained(recorded[: len(ZOO)], processes=processes)
    changes = [*unsteady(zoo, options.seeds, processes=processes), *unfair(GARDEN, options.seeds, processes=processes)]
    return Figures(options.tier, zoo, recorded[len(ZOO) :], options.seeds, changes)


def _write(figures: Figures, options: Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "zoo.json").write_text(json.dumps(figures.to_json(), indent=1) + "\n", encoding="utf-8")
    (options.out / "zoo.html").write_text(page.html(figures), encoding="utf-8")
    if options.tolerances:
        options.tolerances.write_text(tolerances.markdown(figures, every=options.every), encoding="utf-8")
    if options.page:
        before = options.page.read_text(encoding="utf-8") if options.page.exists() else ""
        text = others_page.with_section(page.markdown(figures), others_page.section_of(before))
        options.page.write_text(text, encoding="utf-8")


def _write_others(options: Namespace) -> int:
    """Ask the cases of others, and two tiers of this suite's; write ``others.json`` and their section of a page."""
    missing = {source.name: source.missing() for source in others.SOURCES}
    theirs = [others.finding(source, ZOO, GARDEN) for source in others.SOURCES if not missing[source.name]]
    ours = [others.own_finding(tier, ZOO) for tier in ("smoke", "standard")]
    reasons = [f"{reason}: {name}" for name, reason in missing.items() if reason]
    section = others_page.section(theirs, ours, ZOO, reasons)
    options.out.mkdir(parents=True, exist_ok=True)
    findings = [others_page.to_json(finding) for finding in (*theirs, *ours)]
    (options.out / "others.json").write_text(json.dumps(findings, indent=1) + "\n", encoding="utf-8")
    before = options.others.read_text(encoding="utf-8") if options.others.exists() else ""
    options.others.write_text(others_page.with_section(before, section), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
