"""Extraction: what one route of an adapter runs, cut out of the adapter's source.

From the route's method on, every method, attribute, function, constant and import that is named is followed, so that the result
needs neither the adapter's file nor this suite. What a framework brings along is imported, never cut out.
"""

import ast
import copy
import importlib.util
import inspect
import io
import keyword
import symtable
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter
from convformance.reference.problem import Problem
from convformance.shortening import Shortener, is_empty, is_identity

Key = tuple[str, str]  # a module and a name in it; of an import, the statement and an empty string

WIDTH = 112
CONVERSIONS = ("to_native", "to_numpy", "wrap")
_ROOT = "convformance"
_PROBLEM: Key = (Problem.__module__, Problem.__name__)
_PROBLEM_CODE = {name for name, value in vars(Problem).items() if inspect.isfunction(value) or isinstance(value, classmethod)}
_PROBLEM_VALUES = {*(each.name for each in fields(Problem)), *vars(Problem)} - _PROBLEM_CODE
_COPIES = ("from dataclasses import replace", "from copy import replace", "import dataclasses", "import copy")


class Unextractable(ValueError):
    """The source of what a route runs cannot be had; the message says of what."""


@dataclass(frozen=True)
class Extract:
    """Source text: imports, then code that ends with the class ``class_name``.

    ``conversions`` are those of ``to_native``, ``to_numpy`` and ``wrap`` that do something; ``attributes`` is what the code reads
    of its problem, None where it needs the class Problem, which it then holds. With ``bits`` a bfloat16 is a ``np.uint16``.
    """

    imports: tuple[str, ...]
    code: str
    class_name: str
    conversions: frozenset[str]
    attributes: tuple[str, ...] | None
    bits: bool


def extract(adapter: Adapter, method: str, dtype: str, reserved: Iterable[str]) -> Extract:
    """Return what ``method`` of ``adapter`` runs on operands of ``dtype``; no name in ``reserved`` is taken.

    Raises Unextractable where a source cannot be read, or two imports want the same name.
    """
    walk = _Walk(adapter, dtype)
    walk.start(method)
    return _written(walk, frozenset(reserved))


@dataclass(frozen=True)
class _Source:
    """A module: its statements, by the names they bind."""

    namespace: Mapping[str, Any]
    package: str
    statements: Mapping[str, tuple[ast.stmt, ...]]


@cache
def _source(name: str) -> _Source:
    module = sys.modules[name]
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError) as error:
        raise Unextractable(f"the source of the module {name} cannot be read: {error}") from error
    return _Source(vars(module), module.__package__ or "", _by_name(tree.body))


def _by_name(body: Iterable[ast.stmt]) -> dict[str, tuple[ast.stmt, ...]]:
    statements: dict[str, tuple[ast.stmt, ...]] = {}
    for statement in body:
        for name in dict.fromkeys(_bound(statement)):
            statements[name] = (*statements.get(name, ()), statement)
    return statements


def _bound(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement at module or class level binds or changes."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    else:
        yield from chain.from_iterable(map(_bound, ast.iter_child_nodes(statement)))


def _class_body(held: type) -> dict[str, tuple[ast.stmt, ...]]:
    for statement in _source(held.__module__).statements.get(held.__qualname__, ()):
        if isinstance(statement, ast.ClassDef):
            return _by_name(statement.body)
    raise Unextractable(f"the class {held.__qualname__} is not defined at the top of the module {held.__module__}")


def _free_names(statement: ast.stmt) -> set[str]:
    """Return the names that ``statement`` takes from the module round it."""
    table = symtable.symtable(ast.unparse(statement), "extract", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return names.union(*map(_global_names, table.get_children()))


def _global_names(table: symtable.SymbolTable) -> set[str]:
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*map(_global_names, table.get_children()))


@dataclass
class _Walk:
    """The walk from a route over everything it names: members of the adapter's classes, and statements of modules."""

    adapter: Adapter
    dtype: str
    members: dict[tuple[type, str], list[ast.stmt]] = field(default_factory=dict)
    units: dict[Key, list[ast.stmt]] = field(default_factory=dict)
    references: dict[int, dict[str, Key]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.classes = [held for held in type(self.adapter).__mro__ if held is not object]
        self.bodies = {held: _class_body(held) for held in self.classes}
        self.selves = {"self", "cls", "type(self)", "self.__class__", *(held.__name__ for held in self.classes)}
        self.known = self._known()
        self.bits = any("int16" in ast.unparse(each) for _, found in self._found("to_native") for each in found)

    def start(self, method: str) -> None:
        """Follow the route, the conversions that do something, and what of ``__init__`` matters to them."""
        for name in (method, *self.conversions()):
            self.follow_member(name)
        seen = -1
        while seen != len(self.read):
            seen = len(self.read)
            for held in self.classes[:-1]:
                self.members.pop((held, "__init__"), None)
            self.follow_member("__init__")

    def conversions(self) -> tuple[str, ...]:
        """Return the conversions that the adapter has and that do something."""
        own = {name: next(self._found(name)) for name in CONVERSIONS}
        return tuple(
            name for name, (held, found) in own.items() if held is not Adapter and not all(map(is_identity, self._short(held, found)))
        )

    def follow_member(self, name: str, after: type | None = None) -> None:
        """Take the member ``name`` along, of the first class after ``after`` that has it, and all it names."""
        held, found = next(self._found(name, after), (Adapter, ()))
        if not found or (held, name) in self.members or (held is Adapter and name in ("__init__", "mode")):
            self.read.add(name)
            return
        short = self._short(held, found)
        self.members[held, name] = self._initialisation(held, short) if name == "__init__" else short
        for statement in self.members[held, name]:
            self._follow(statement, held.__module__, held)
