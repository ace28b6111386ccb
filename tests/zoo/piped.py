"""``python -m tests.zoo.piped``: every member asked through the pipe, and whether that makes any difference.

A program is sent copies of the operands, one behind the other. So two kinds of mistakes cannot show there: those that
change an operand, and those that misread how an array lies in memory. The members that change an operand are left out,
and so are questions about memory and what the protocol cannot ask, such as borders that repeat the data.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from convformance.adapters.contract import Request
from convformance.adapters.protocol.conversation import START, Conversation
from convformance.adapters.protocol.introduction import ASKED
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.zoo import matrix
from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.matrix import How, Outcome
from tests.zoo.member import Arrays, Member, Run

LAYOUTS = ("NC*", "OI*")
_TIER = "smoke"
_DTYPES = ("float64", "float32")


@contextmanager
def piped(member: Member) -> Iterator[Member]:
    """The same member, asked through the pipe of a process of its own."""
    conversation = Conversation((sys.executable, "-m", "tests.zoo.served", member.name))

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        operands = arrays if bias is None else (*arrays, bias)
        return conversation.ask(operation, problem, operands, LAYOUTS)

    def fresh() -> Run:
        conversation.pipe.send(START)
        conversation.pipe.line()
        return run

    try:
        yield replace(member, run=run, fresh=fresh if member.fresh else None)
    finally:
        conversation.stop()


def questions() -> list[matrix.Question]:
    """Return every question of the tier that the protocol can say: nothing of memory or beyond a convolution."""
    contiguous = (each for each in matrix.questions(_TIER, _DTYPES) if each.case.memory == "contiguous")
    return [each for each in contiguous if ASKED.holds(Request(each.case.problem, each.dtype, case=each.case.id))]


def shows(member: Member, asked: Sequence[matrix.Question]) -> bool:
    """Whether anything is asked of a member, and its mistake is one that copies of the operands can show."""
    return member.diagnosis != "operand-changed" and any(matrix.has(member, each) for each in asked)


def differences(member: Member, asked: Sequence[matrix.Question]) -> list[str]:
    """Return what differs between asking a member in process and through the pipe: questions and diagnosis."""
    planned = matrix.plan([member], asked)
    (here,) = matrix.explained(matrix.records([member], planned, How()))
    with piped(member) as other:
        (there,) = matrix.explained(matrix.records([other], planned, How()))
    pairs = zip(here.outcomes, there.outcomes, strict=True)
    differing = [
        f"{asked[one.index].case.id}: {_said(one)} here, {_said(two)} there"
        for one, two in pairs
        if _said(one) != _said(two)
    ]
    if here.named != there.named:
        differing.append(f"diagnosis: {here.named} here, {there.named} there")
    return differing


def _said(outcome: Outcome) -> str:
    return " ".join((outcome.grade, *outcome.seen_by))


def main() -> int:
    """Print what differs; return 1 if anything does."""
    parser = argparse.ArgumentParser(description="Ask every member of the zoo and the garden through the pipe.")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th member")
    everybody = (*ZOO, *GARDEN)[:: parser.parse_args().every]
    asked = questions()
    members = [member for member in everybody if shows(member, asked)]
    print(f"{len(everybody) - len(members)} members make a mistake that no pipe can show", flush=True)
    count = 0
    for member in members:
        lines = differences(member, asked)
        count += bool(lines)
        for line in lines:
            print(f"{member.name}: {line}", flush=True)
    print(f"{len(members) - count} of {len(members)} members get the same verdicts and diagnosis through the pipe")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
