"""Extraction: what one route of an adapter runs, cut out of the adapter's source.

From the route's method on, every method, attribute, function, constant and import that is named is followed, so that the result
needs neither the adapter's file nor this suite. What a framework brings along is imported, never cut out.
"""

import ast
import copy
import importlib.util
import inspect
import symtable
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter
from convformance.reference.problem import Problem
from convformance.scripts.shortening import Shortener, is_identity

Key = tuple[str, str]  # a module and a name in it; the module alone with ""; or an import statement with ""

_ROOT = "convformance"
CONVERSIONS = ("to_native", "to_numpy", "wrap")
PROBLEM: Key = (Problem.__module__, Problem.__name__)
_METHODS = {name for name, value in vars(Problem).items() if inspect.isfunction(value) and not name.startswith("_")}
_VALUES = (
    ({each.name for each in fields(Problem)} | {name for name in vars(Problem) if not name.startswith("_")})
    - _METHODS
    - {"of"}
)
_COPYING = ("from dataclasses import replace", "from copy import replace", "import dataclasses", "import copy")


class Unextractable(ValueError):
    """The source of what a route runs cannot be had; the message says of what."""


@dataclass(frozen=True)
class Source:
    """A module as its file says it: statements by the names they bind."""

    namespace: Mapping[str, Any]
    package: str
    statements: Mapping[str, tuple[ast.stmt, ...]]
    lazy_annotations: bool


@cache
def source(name: str) -> Source:
    """Return the source of an imported module. Raises Unextractable where it has none."""
    module = sys.modules.get(name)
    text = None if module is None else _text(module)
    if module is None or text is None:
        raise Unextractable(f"the source of the module {name} cannot be read")
    statements = _by_name(ast.parse(text).body)
    return Source(vars(module), module.__package__ or "", statements, "annotations" in statements)


def _text(module: ModuleType) -> str | None:
    """Return the text of a module from what loaded it, which may be an archive, or else from its file."""
    reader = getattr(module.__spec__ and module.__spec__.loader, "get_source", None)
    if reader is not None:
        text: str | None = reader(module.__name__)
        return text
    return Path(module.__file__).read_text(encoding="utf-8") if module.__file__ else None


def _by_name(body: Iterable[ast.stmt]) -> dict[str, tuple[ast.stmt, ...]]:
    statements: dict[str, tuple[ast.stmt, ...]] = {}
    for statement in body:
        for name in bound(statement):
            statements[name] = (*statements.get(name, ()), statement)
    return statements


def bound(statement: ast.AST) -> tuple[str, ...]:
    """Return the names that a statement at module or class level binds or changes."""
    return tuple(dict.fromkeys(_bound(statement)))


def _bound(statement: ast.AST) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from map(bound_by, statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    else:
        yield from chain.from_iterable(map(_bound, ast.iter_child_nodes(statement)))


def bound_by(alias: ast.alias) -> str:
    """Return the name that an imported ``alias`` binds."""
    return alias.asname or alias.name.partition(".")[0]


def is_of_suite(module: str) -> bool:
    """Whether ``module`` is one of this suite's, which a script must do without."""
    return module.partition(".")[0] == _ROOT


def _class_body(held: type) -> dict[str, tuple[ast.stmt, ...]]:
    for statement in source(held.__module__).statements.get(held.__qualname__, ()):
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


def mode_of(adapter: Adapter) -> dict[str, str]:
    """Return the mode that ``adapter`` keeps, empty where it keeps something else under that name."""
    mode = getattr(adapter, "mode", None)
    return dict(mode) if isinstance(mode, Mapping) else {}


@dataclass
class Walk:
    """The walk from a route over everything it names.

    ``members`` holds statements of the adapter's classes, ``statements`` those of modules, with their module, by identity of what
    they were cut from; ``references`` what each statement's free names mean, by its identity; ``read`` the attributes read of the
    adapter, ``attributes`` those of the problem.
    """

    adapter: Adapter
    dtype: str
    members: dict[tuple[type, str], list[ast.stmt]] = field(default_factory=dict)
    statements: dict[int, tuple[str, list[ast.stmt]]] = field(default_factory=dict)
    references: dict[int, dict[str, Key]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.classes = [held for held in type(self.adapter).__mro__ if held is not object]
        self.bodies = {held: _class_body(held) for held in self.classes}
        self.mode = mode_of(self.adapter)
        self.known = {**self._constants(), **({"mode": self.mode} if self.mode else {})}
        self.bits = any("int16" in ast.unparse(each) for _, found in self._definitions("to_native") for each in found)
        self.needs_problem = False
        self._left: dict[tuple[ast.FunctionDef, ...], list[ast.stmt]] = {}

    def start(self, method: str) -> tuple[str, ...]:
        """Follow the route and the conversions that do something, which are returned, and what of ``__init__`` they need."""
        conversions = tuple(name for name in CONVERSIONS if self._does_something(name))
        for name in (method, *conversions):
            self._member(name)
        seen = -1
        while seen != len(self.read):
            seen = len(self.read)
            self.members = {place: found for place, found in self.members.items() if place[1] != "__init__"}
            self._member("__init__")
        if self.needs_problem:
            self._name(*PROBLEM)
        return conversions

    def _constants(self) -> dict[str, str | int]:
        """Return the adapter's simple attributes that nothing but ``__init__`` sets."""
        methods = [
            each
            for body in self.bodies.values()
            for name, found in body.items()
            if name != "__init__"
            for each in found
        ]
        nodes = chain.from_iterable(map(ast.walk, methods))
        changed = {
            node.attr for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        }
        names = {*chain.from_iterable(self.bodies.values()), *vars(self.adapter)} - changed
        values = {name: inspect.getattr_static(self.adapter, name, None) for name in names}
        return {name: value for name, value in values.items() if isinstance(value, str | int)}

    def _definitions(self, name: str, after: type | None = None) -> Iterator[tuple[type, tuple[ast.stmt, ...]]]:
        """Yield the classes after ``after`` that define the member ``name``, with its statements, the first that counts first."""
        later = self.classes[self.classes.index(after) + 1 :] if after else self.classes
        yield from ((held, self.bodies[held][name]) for held in later if name in self.bodies[held])

    def _does_something(self, conversion: str) -> bool:
        held, found = next(self._definitions(conversion))
        return held is not Adapter and not is_identity(self._short(found, held.__module__))

    def _member(self, name: str, after: type | None = None) -> None:
        """Take the member ``name`` along, and all that it names."""
        self.read.add(name)
        held, found = next(self._definitions(name, after), (Adapter, ()))
        if not found or (held, name) in self.members or (held is Adapter and name == "__init__"):
            return
        self.members[held, name] = []
        short = self._short(found, held.__module__)
        self.members[held, name] = self._initialisation(short, held) if name == "__init__" else short
        for statement in self.members[held, name]:
            self._follow(statement, held.__module__, held)

    def _initialisation(self, short: list[ast.stmt], held: type) -> list[ast.stmt]:
        """Return ``__init__`` without what nobody reads, and without a parameter for the mode where that is settled."""
        (function,) = short
        if not isinstance(function, ast.FunctionDef):
            return short
        function.body = [each for each in function.body if not self._is_idle(each, held)]
        names = {node.id for each in function.body for node in ast.walk(each) if isinstance(node, ast.Name)}
        given = function.args
        if given.kwarg and given.kwarg.arg not in names and len(given.args) == 1 and not given.kwonlyargs:
            given.kwarg = None
        return [function] if function.body else []

    def _is_idle(self, statement: ast.stmt, held: type) -> bool:
        """Whether ``statement`` of ``__init__`` calls the contract's, or sets attributes that nobody reads."""
        if isinstance(statement, ast.Expr) and ast.unparse(statement).startswith(
            ("super().__init__(", "Adapter.__init__(")
        ):
            return next(self._definitions("__init__", held))[0] is Adapter
        if not isinstance(statement, ast.Assign) or any(isinstance(node, ast.Call) for node in ast.walk(statement)):
            return False
        targets = chain.from_iterable(
            each.elts if isinstance(each, ast.Tuple) else [each] for each in statement.targets
        )
        return all(isinstance(each, ast.Attribute) and self._is_unread(each) for each in targets)

    def _is_unread(self, target: ast.Attribute) -> bool:
        return ast.unparse(target.value) == "self" and target.attr not in self.read

    def _short(self, found: Iterable[ast.stmt], module: str) -> list[ast.stmt]:
        return list(chain.from_iterable(map(self._shortener(module, found).shortened, copy.deepcopy(tuple(found)))))

    def _shortener(self, module: str, found: Iterable[ast.stmt]) -> Shortener:
        converts = [each for each in found if isinstance(each, ast.FunctionDef) and each.name == "to_native"]
        return Shortener(
            source(module).namespace,
            known=self.known,
            operands={each.args.args[1].arg: np.empty(0, self.dtype) for each in converts},
            called=lambda function: self._called(function, module),
            bits=self.bits,
        )

    def _called(self, function: ast.expr, module: str) -> list[ast.stmt]:
        """Return what is left of a function of ours, or of a method of the adapter, that is called by name; else nothing."""
        name = ast.unparse(function)
        if name.startswith("self.") and name[5:].isidentifier():
            held, found = next(self._definitions(name[5:]), (Adapter, ()))
            home = held.__module__
        else:
            home, own_name = self.place(module, name) or ("", "")
            found = source(home).statements[own_name] if own_name else ()
        functions = tuple(each for each in found if isinstance(each, ast.FunctionDef))
        if functions not in self._left:
            self._left[functions] = []  # for a function that calls itself
            self._left[functions] = self._short(functions, home) if functions else []
        return self._left[functions]

    def _follow(self, statement: ast.stmt, module: str, held: type | None = None) -> None:
        """Take along all that ``statement`` names, a statement of ``module``, or of the class ``held`` in it."""
        free = _free_names(statement)
        for name in sorted(free):
            place = self._name(module, name)
            if place is not None:
                self.references.setdefault(id(statement), {})[name] = place
            elif held and name in self.bodies[held]:
                self._member(name)
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom) and is_of_suite(ast.unparse(node).split()[1]):
                raise Unextractable(f"{ast.unparse(node)!r} inside a function cannot be followed")
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                self._attribute(node, statement, free, held)
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "getattr"
                and isinstance(node.args[1], ast.Constant)
            ):
                self._attribute(ast.Attribute(node.args[0], str(node.args[1].value), ast.Load()), statement, free, held)

    def _attribute(self, node: ast.Attribute, statement: ast.stmt, free: set[str], held: type | None) -> None:
        base = ast.unparse(node.value)
        if base in {
            "self",
            "cls",
            "type(self)",
            "self.__class__",
            "super()",
            *(each.__name__ for each in self.classes),
        }:
            self._member(node.attr, held if base == "super()" else None)
        elif base in free:
            self._of_module(base, node.attr, self.references.get(id(statement), {}))
        else:
            self._of_local(node.attr, held)

    def _of_module(self, base: str, name: str, references: dict[str, Key]) -> None:
        module, own_name = references.get(base, ("", ""))
        place = self._name(module, name) if module in sys.modules and not own_name else None
        if place is not None:
            references[f"{base}.{name}"] = place

    def _of_local(self, name: str, held: type | None) -> None:
        """Note an attribute of some value: of the problem, if it has one of that name, or of an adapter handed to a function."""
        self.needs_problem |= name in _METHODS
        if name in _VALUES:
            self.attributes.add(name)
        if held is None and (name in vars(self.adapter) or any(name in body for body in self.bodies.values())):
            self._member(name)

    def _name(self, module: str, name: str) -> Key | None:
        """Take along what ``name`` means in ``module`` and return where it is defined; None for a builtin."""
        place = self.place(module, name)
        if place is None or not place[1]:
            self.needs_problem |= place is not None and place[0] in _COPYING
            return place
        self.needs_problem |= place == PROBLEM
        home = source(place[0])
        if any(home.namespace.get(place[1]) is held for held in self.classes):
            return place
        for statement in home.statements[place[1]]:
            if id(statement) not in self.statements:
                self.statements[id(statement)] = place[0], []
                self.statements[id(statement)][1].extend(self._short([statement], place[0]))
                for short in self.statements[id(statement)][1]:
                    self._follow(short, place[0])
        return place

    def place(self, module: str, name: str) -> Key | None:
        """Return where what ``module`` calls ``name`` is defined: in a module of ours, or by an import of somebody else's."""
        found = source(module).statements.get(name, ())
        if len(found) != 1 or not isinstance(found[0], ast.Import | ast.ImportFrom):
            return (module, name) if found else None
        alias = next(each for each in found[0].names if bound_by(each) == name)
        renamed = f" as {alias.asname}" if alias.asname else ""
        if isinstance(found[0], ast.Import):
            return (alias.name if self._is_ours(alias.name) else f"import {alias.name}{renamed}", "")
        origin = importlib.util.resolve_name("." * found[0].level + (found[0].module or ""), source(module).package)
        if not self._is_ours(origin):
            return (f"from {origin} import {alias.name}{renamed}", "")
        return self.place(origin, alias.name) or (f"{origin}.{alias.name}", "")

    def _is_ours(self, module: str) -> bool:
        """Whether ``module`` is the suite's, the adapter's, or a plain file beside the adapter's."""
        top = module.partition(".")[0]
        if is_of_suite(module) or module in {held.__module__ for held in self.classes}:
            return True
        file = getattr(sys.modules.get(module), "__file__", None)
        if file is None or top != module or top in self.adapter.requires:
            return False
        folder = Path(file).parent
        return folder == Path(inspect.getfile(type(self.adapter))).parent and folder.name not in (
            "site-packages",
            "dist-packages",
        )
