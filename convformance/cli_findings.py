"""The command line's commands about what was found: causes, issue, reproduce, smallest. Parsers only."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convformance.running.launch import FINDINGS, OK

if TYPE_CHECKING:
    from convformance.running.evidence import Evidence


def declare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare these commands."""
    for declare_command in (_declare_causes, _declare_issue, _declare_reproduce, _declare_smallest):
        declare_command(commands)


def _declare_causes(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    causes = commands.add_parser(
        "causes", help="list what diverges in run records, numbered: findings, then what is known"
    )
    _declare_records(causes)
    causes.set_defaults(command=_causes)


def _causes(parsed: argparse.Namespace) -> int:
    from convformance.reports import issues, record

    return print_lines(issues.listing(record.read(parsed.records)))


def _declare_issue(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    issue = commands.add_parser(
        "issue", help="print the text of an issue about one cause, for a tracker; nothing is sent"
    )
    _declare_records(issue)
    issue.add_argument(
        "--cause", required=True, metavar="N", help="its number, or the name of a known divergence: see `causes`"
    )
    issue.set_defaults(command=_issue)


def _issue(parsed: argparse.Namespace) -> int:
    from convformance.reports import issues, record

    records = record.read(parsed.records)
    return print_lines(issues.issue(records, issues.chosen(records, parsed.cause)))


def _declare_records(parser: argparse.ArgumentParser) -> None:
    """Declare which records are read: one, or several of other versions and machines, which show where it is so."""
    default = Path("out") / "run.jsonl"
    parser.add_argument(
        "records", nargs="*", type=Path, metavar="RECORD", default=[default], help=f"run records (default: {default})"
    )


def _declare_reproduce(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    reproduce = commands.add_parser("reproduce", help="print a script that shows one finding, as short as can be")
    _declare_question(reproduce)
    reproduce.add_argument(
        "--files",
        type=Path,
        metavar="DIR",
        help="of exec:COMMAND: write there what the program is sent, and what is right",
    )
    reproduce.set_defaults(command=_reproduce)


def _declare_question(parser: argparse.ArgumentParser) -> None:
    """Declare what names one question."""
    parser.add_argument("--adapter", required=True, metavar="SPEC")
    for name, what in (("op", "operation"), ("route", "route"), ("case", "id of the case"), ("dtype", "dtype")):
        parser.add_argument(f"--{name}", required=True, help=what)


def _reproduce(parsed: argparse.Namespace) -> int:
    if parsed.files is not None:
        from convformance.exchange import transcript

        question = parsed.adapter, parsed.op, parsed.route, parsed.case, parsed.dtype
        return print_lines([transcript.write(*question, folder=parsed.files)])
    evidence = _evidence(parsed, fill=None)
    if evidence.script is None or evidence.ran is None or not evidence.ran.diverges:
        print("convformance: nothing that fails here is small enough for a script", file=sys.stderr)
        return FINDINGS
    return print_lines([f"{evidence.script}{evidence.ran.comment}"])


def _declare_smallest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    smallest = commands.add_parser("smallest", help="find and print the smallest case that fails as one verdict did")
    _declare_question(smallest)
    smallest.add_argument("--fill", default="int", help="the fill that was wrong (default: int)")
    smallest.add_argument("--json", action="store_true", help="print it as the record keeps it")
    smallest.set_defaults(command=_smallest)


def _smallest(parsed: argparse.Namespace) -> int:
    import json

    from convformance.checking import text

    smallest = _evidence(parsed, fill=parsed.fill).smallest
    if parsed.json:
        return print_lines([json.dumps(smallest)])
    return print_lines(list(text.smallest_case(smallest)) if smallest else ["nothing fails on exact numbers here"])


def _evidence(parsed: argparse.Namespace, *, fill: str | None) -> "Evidence":
    from convformance.running import evidence

    return evidence.evidence_of(parsed.adapter, parsed.op, parsed.route, parsed.case, parsed.dtype, fill=fill)


def print_lines(lines: Sequence[str]) -> int:
    """Print ``lines``; a reader that closes the pipe early is no error."""
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK
