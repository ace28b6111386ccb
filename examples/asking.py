"""Asking the frameworks that are installed, as the examples do it."""

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from convformance.adapters.contract import Adapter, Refusal, UsageError
from convformance.adapters.discovery import DEFAULT, create
from convformance.judging.grades import CONFORMANT
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem


def out_folder(description: str | None) -> Path:
    """Return the folder that the command line names for pictures, ``--out DIR``; the default is ``out/examples``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("out/examples"), help="the folder for the picture (default: %(default)s)"
    )
    out: Path = parser.parse_args().out
    return out


def frameworks(names: Sequence[str] = DEFAULT) -> list[Adapter]:
    """Return an adapter for each framework of ``names`` that is installed; say of each other one why it is left out."""
    installed = []
    for name in names:
        try:
            installed.append(create(name))
        except UsageError as reason:
            say_once(f"  left out: {reason}")
    return installed


def answers(
    adapter: Adapter, operation: str, problem: Problem, *operands: Array, routes: Sequence[str] = ()
) -> dict[str, Array]:
    """Return what the direct routes of ``operation`` answer, by name; say of each that refuses why.

    ``routes``: only these, default all. A route by a fast algorithm, which rounds by other rules, is left out.
    """
    direct = (route for route in adapter.routes() if route.operation == operation and route.grade == CONFORMANT)
    asked = [route for route in direct if not routes or route.name in routes]
    by_route = {}
    for route in asked:
        try:
            by_route[route.name] = adapter.answer(route, problem, operands).value
        except Refusal as reason:
            say_once(f"  {adapter.name} refuses {operation} by {route.name} in {operands[0].dtype}: {reason}")
    return by_route


def first_answer(adapter: Adapter, operation: str, problem: Problem, *operands: Array) -> list[tuple[str, Array]]:
    """Return the name and the answer of the first route of ``operation``; nothing where it refuses."""
    first = next(route.name for route in adapter.routes() if route.operation == operation)
    return list(answers(adapter, operation, problem, *operands, routes=(first,)).items())


def same_bits(what: str, got: Array, want: Array) -> None:
    """Raise AssertionError, naming ``what``, unless both arrays have the same shape, dtype and numbers."""
    np.testing.assert_array_equal(got, want, err_msg=what, strict=True)


@cache
def say_once(sentence: str) -> None:
    """Print a sentence the first time it is said."""
    print(sentence)
