"""Arrows go down, and there is no circle. The map is the table in docs/house.md: what people read is what is held."""

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.house.code import ROOT, imports, modules, room

PAGE = ROOT / "docs" / "house.md"
Graph = Mapping[str, set[str]]


def allowed() -> dict[str, set[str]]:
    """Return what each room may import, from the page's table: ``| `room/` | what it holds | `other`, ... |``."""
    rows = re.findall(r"(?m)^\| `(\w+)(?:/|\.py)` \|[^|]*\|([^|]*)\|", PAGE.read_text(encoding="utf-8"))
    return {
        name: {left or right for left, right in re.findall(r"`([\w.]+)`|\b(everything)\b", cell)} for name, cell in rows
    }


def graph(known: Mapping[str, ast.Module]) -> Graph:
    return {module: set(imports(module, known)) - {module} for module in known}


def forbidden(arrows: Graph, rule: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield the arrows that the map does not allow."""
    for module, targets in arrows.items():
        for target in sorted(targets):
            here, there = room(module), room(target)
            if here != there and not {there, target, "everything"} & rule.get(here, set()):
                yield f"{module} -> {target}"


def circles(arrows: Graph) -> Iterator[list[str]]:
    """Yield the sets of modules that reach each other (strongly connected, by Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in sorted(arrows[module]):
            if target not in index:
                yield from visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            circle = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(circle) > 1:
                yield circle

    for module in arrows:
        if module not in index:
            yield from visit(module)


def test_every_room_stands_in_the_map_and_every_row_is_a_room() -> None:
    rooms = {room(module) for module in modules()}
    assert rooms == set(allowed())


def test_no_arrow_goes_where_the_map_does_not_let_it() -> None:
    assert list(forbidden(graph(modules()), allowed())) == []


def test_there_is_no_circle_of_modules() -> None:
    assert list(circles(graph(modules()))) == []


def test_there_is_no_circle_of_rooms() -> None:
    rooms: dict[str, set[str]] = {}
    for module, targets in graph(modules()).items():
        rooms.setdefault(room(module), set()).update(map(room, targets))
    rooms = {name: targets - {name} for name, targets in rooms.items()}
    # The two tables of names are what reports share with the rooms they stand in; these import nothing.
    assert not graph(modules())["reference.operation"]
    assert not graph(modules())["judging.grades"]
    assert list(circles(rooms)) == []


PLAIN = "from convformance.running import session"
IN_A_FUNCTION = "def f():\n    from convformance.running.session import Session"
FOR_TYPES_ALONE = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import convformance.running.session"


@pytest.mark.parametrize("hidden", [PLAIN, IN_A_FUNCTION, FOR_TYPES_ALONE])
def test_a_forbidden_arrow_is_seen_however_it_is_hidden(hidden: str) -> None:
    known = {**modules(), "reference.geometry": ast.parse(hidden)}
    assert "reference.geometry -> running.session" in set(forbidden(graph(known), allowed()))


@pytest.mark.parametrize("hidden", [PLAIN, IN_A_FUNCTION, FOR_TYPES_ALONE])
def test_a_circle_is_seen_however_it_is_hidden(hidden: str) -> None:
    known = {**modules(), "running.questions": ast.parse(hidden)}
    assert any({"running.questions", "running.session"} <= set(circle) for circle in circles(graph(known)))


def test_running_and_checking_do_not_know_each_other() -> None:
    rule = allowed()
    assert "checking" not in rule["running"]
    assert "running" not in rule["checking"]
