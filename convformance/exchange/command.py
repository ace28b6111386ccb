"""The commands ``export``, ``judge`` and ``smoke``."""

import argparse
import sys
from dataclasses import replace

from convformance.adapters import program
from convformance.adapters.discovery import load
from convformance.adapters.exchange import ANSWERS, Answers, Folder
from convformance.adapters.recorded import PREFIX, SEPARATOR
from convformance.exchange.exporting import export
from convformance.exchange.smoke import steps
from convformance.options import RunOptions
from convformance.processes import environment
from convformance.running import launch
from convformance.running.questions import Scope

_SHOWN = 10  # files that are named


def run_export(parsed: argparse.Namespace) -> int:
    """Write the questions that are chosen, and say how many there are."""
    options = RunOptions.of(parsed)
    for line in export(Scope.of(options), options.tier, parsed.folder):
        print(line)
    return launch.OK


def run_judge(parsed: argparse.Namespace) -> int:
    """Judge the answers beside a folder of questions, and write record and report as a run does."""
    folder = Folder(parsed.folder)
    answers = Answers(parsed.answers or folder.path / ANSWERS)
    spec = f"{PREFIX}{folder.path}{SEPARATOR}{answers.path}"
    load(spec)  # raises UsageError before anything is said
    _say_what_is_there(folder, answers)
    parsed.record = parsed.record or parsed.out / f"{parsed.name}.jsonl"
    options = replace(RunOptions.of(parsed), adapters=(spec,), tier=str(folder.about["tier"]))
    return launch.run(options, workers=parsed.workers, out=parsed.out, merge=parsed.merge, rest=parsed.rest)


def _say_what_is_there(folder: Folder, answers: Answers) -> None:
    """Say how much is answered, and name the files that belong to no question."""
    strangers = list(answers.strangers(folder))
    answered = len(answers.files) - len(strangers)
    print(f"{answered:,} of {len(folder.entries):,} questions have an answer")
    for path in strangers[:_SHOWN]:
        print(f"convformance: {path} belongs to no question of {folder.path}", file=sys.stderr)
    if len(strangers) > _SHOWN:
        print(f"convformance: and {len(strangers) - _SHOWN:,} files more", file=sys.stderr)


def run_smoke(parsed: argparse.Namespace) -> int:
    """Try a harness, and say of each step how it went."""
    if not parsed.spec.startswith(program.PREFIX):
        raise ValueError(f"{parsed.spec!r} is no harness; allowed: exec:COMMAND, such as exec:./my_conv")
    environment.settle_threads()
    failed = 0
    for step in steps(parsed.spec, seconds=parsed.seconds):
        print(step.text, flush=True)
        failed += not step.ok
    if failed:
        print(f"{failed} of these went wrong; docs/protocol.md says what is expected")
    return launch.FINDINGS if failed else launch.OK
