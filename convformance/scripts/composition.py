"""Composition: the text of what was extracted, names made unique, imports gathered, lines broken."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby

from convformance.adapters.contract import Adapter
from convformance.scripts.extraction import PROBLEM, Key, Unextractable, Walk, bound, is_of_suite, source

WIDTH = 112


@dataclass(frozen=True)
class Extract:
    """Source text that stands alone: ``imports``, ``code``, and ``construction``, the expression that makes the adapter.

    ``conversions`` are those of ``to_native``, ``to_numpy`` and ``wrap`` that do something; ``attributes`` is what the code reads
    of its problem. Where it needs the very class, the code holds it as ``problem_class``. With ``bits`` a bfloat16 is a
    ``np.uint16``.
    """

    imports: tuple[str, ...]
    code: str
    construction: str
    conversions: tuple[str, ...]
    attributes: tuple[str, ...]
    problem_class: str
    bits: bool


def extract(adapter: Adapter, method: str, dtype: str, reserved: Mapping[str, str]) -> Extract:
    """Return what ``method`` of ``adapter`` runs on operands of ``dtype``.

    No name in ``reserved`` is used for anything but the import it stands for. Raises Unextractable where a source cannot be read
    or an import wants a name that is taken.
    """
    walk = Walk(adapter, dtype)
    conversions = walk.start(method)
    names = _Names(walk, reserved)
    classes = [held for held in reversed(walk.classes) if _body(walk, held)]
    units = [*chain.from_iterable(map(names.renamed, _ordered(walk))), *(_class(walk, names, held) for held in classes)]
    code = "\n".join(_spaced(units))
    made = names.of((classes[-1].__module__, classes[-1].__name__))
    takes_mode = any(
        _has_parameters(each) for (_, name), found in walk.members.items() if name == "__init__" for each in found
    )
    mode = ", ".join(f"{key}={value!r}" for key, value in walk.mode.items()) if takes_mode else ""
    problem_class = names.of(PROBLEM) if walk.needs_problem else ""
    return Extract(
        names.imports, code, f"{made}({mode})", conversions, tuple(sorted(walk.attributes)), problem_class, walk.bits
    )


def _has_parameters(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef) and any(
        isinstance(node, ast.arg) and node.arg != "self" for node in ast.walk(statement.args)
    )


class _Names:
    """The final names: each definition keeps its own where it can."""

    def __init__(self, walk: Walk, reserved: Mapping[str, str]) -> None:
        self.references = walk.references
        self.taken = dict(reserved)
        self.final: dict[Key, str] = {}
        named = chain.from_iterable(meant.values() for meant in walk.references.values())
        places = list(dict.fromkeys([*named, *([PROBLEM] if walk.needs_problem else [])]))
        statements = dict.fromkeys(place[0] for place in places if " " in place[0])
        for statement in statements:
            self._import(statement)
        self.imports = _gathered(statements, lazy=any(source(module).lazy_annotations for module in _modules(walk)))
        for place in places:
            if place[1]:
                self.final[place] = self._free(place[1])
        for held in walk.classes:
            place = held.__module__, held.__name__
            self.final[place] = self.final.get(place) or self._free(held.__name__)

    def of(self, place: Key) -> str:
        """Return the final name of what is defined at ``place``."""
        return self.final[place]

    def renamed(self, unit: tuple[str, list[ast.stmt]]) -> list[ast.stmt]:
        """Return the statements of a unit under final names, those they bind as well as those they read."""
        module, statements = unit
        return [
            self.rename(each, {name: self.final.get((module, name), name) for name in bound(each)})
            for each in statements
        ]

    def rename(self, statement: ast.stmt, own: Mapping[str, str]) -> ast.stmt:
        """Return ``statement`` with final names for what it reads, and those in ``own`` for what it binds."""
        meant = {
            name: self.final[place]
            for name, place in self.references.get(id(statement), {}).items()
            if place in self.final
        }
        renamed: ast.stmt = _Renamer(meant, own).visit(statement)
        if isinstance(renamed, ast.FunctionDef | ast.ClassDef):
            renamed.name = own.get(renamed.name, renamed.name)
        return renamed

    def _import(self, statement: str) -> None:
        if is_of_suite(statement.split()[1]):
            raise Unextractable(f"{statement!r} cannot be followed")
        (node,) = ast.parse(statement).body
        for name in bound(node):
            if self.taken.setdefault(name, statement) != statement:
                raise Unextractable(f"{statement!r} wants a name that is taken by {self.taken[name] or 'the script'!r}")

    def _free(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken[name] = name
        return name


class _Bare(ast.NodeTransformer):
    """Takes the second pair of parentheses from a generator that is the only argument of a call."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp):
            node.args = [ast.Name(ast.unparse(node.args[0])[1:-1], ast.Load())]
        return node


class _Renamer(ast.NodeTransformer):
    """Replaces names, and attributes of modules, by the names of what they mean."""

    def __init__(self, read: Mapping[str, str], bound: Mapping[str, str]) -> None:
        self.read = read
        self.bound = bound

    def visit_Name(self, node: ast.Name) -> ast.Name:
        names = self.read if isinstance(node.ctx, ast.Load) else self.bound
        return ast.Name(names.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        text = ast.unparse(node)
        return ast.Name(self.read[text], node.ctx) if text in self.read else self.generic_visit(node)


def _gathered(statements: Iterable[str], *, lazy: bool) -> tuple[str, ...]:
    """Return import statements with one line for each module that something is imported from."""
    parts = sorted(tuple(statement.split(" import ")) for statement in statements if statement.startswith("from "))
    merged = (
        f"{origin} import {', '.join(name for _, name in group)}"
        for origin, group in groupby(parts, key=lambda part: part[0])
    )
    plain = sorted(statement for statement in statements if statement.startswith("import "))
    return (*(["from __future__ import annotations"] if lazy else []), *plain, *merged)


def _modules(walk: Walk) -> tuple[str, ...]:
    """Return the modules that statements were taken from, those that others import from first."""
    taken = {module for module, _ in walk.statements.values()}
    ordered: dict[str, None] = {}

    def visit(module: str, above: frozenset[str]) -> None:
        for origin in (place[0] for name in source(module).statements if (place := walk.place(module, name))):
            if origin in taken - above - set(ordered) - {module}:
                visit(origin, above | {module})
        ordered[module] = None

    for module in sorted(taken):
        if module not in ordered:
            visit(module, frozenset())
    return tuple(ordered)


def _ordered(walk: Walk) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Yield what was taken from each module, in the order of its lines."""
    for module in _modules(walk):
        taken = (
            statement
            for name in source(module).statements.values()
            for statement in name
            if id(statement) in walk.statements
        )
        for statement in sorted(dict.fromkeys(taken), key=lambda each: each.lineno):
            yield walk.statements[id(statement)]


def _body(walk: Walk, held: type) -> list[ast.stmt]:
    """Return the members taken from the class ``held``, and the mode where it is read as a whole."""
    members = [
        statement for (owner, _), statements in walk.members.items() if owner is held for statement in statements
    ]
    if held is type(walk.adapter) and "mode" in walk.read and members:
        members.insert(
            0, ast.Assign([ast.Name("mode", ast.Store())], ast.parse(repr(walk.mode), mode="eval").body, lineno=0)
        )
    return sorted(members, key=lambda each: each.lineno)


def _class(walk: Walk, names: _Names, held: type) -> ast.ClassDef:
    body = [names.rename(statement, {}) for statement in _body(walk, held)]
    bases: list[ast.expr] = [
        ast.Name(names.of((base.__module__, base.__name__)), ast.Load()) for base in _bases(walk, held)
    ]
    return ast.ClassDef(names.of((held.__module__, held.__name__)), bases, [], body, [])


def _bases(walk: Walk, held: type) -> Iterator[type]:
    """Yield the nearest bases of ``held`` of which something was taken."""
    for base in held.__bases__:
        if base in walk.classes and _body(walk, base):
            yield base
        else:
            yield from _bases(walk, base)


def _spaced(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the text of ``statements``, with a blank line round functions and classes."""
    last = None
    for statement in statements:
        definition = isinstance(statement, ast.FunctionDef | ast.ClassDef)
        if last is not None and (definition or last):
            yield ""
        text = ast.unparse(_Bare().visit(ast.fix_missing_locations(statement)))
        yield from map(broken, re.sub(r"(?m)^(class .*:)\n\n", r"\1\n", text).splitlines())
        last = definition


def broken(line: str) -> str:
    """Return ``line`` in rows of at most ``WIDTH`` where it can be had, broken inside as few brackets as will do."""
    rows = line
    for depth in range(1, 6):
        if all(len(row) <= WIDTH for row in rows.splitlines()):
            break
        rows = _broken_at(line, [place for place, inside in _breaks(line) if inside <= depth])
    return rows


def _broken_at(line: str, places: Iterable[int]) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    rows, start = [""], 0
    for end in (*places, len(line)):
        piece = line[start:end]
        if rows[-1].strip() and len(rows[-1]) + len(piece) > WIDTH:
            rows.append(indent + piece.lstrip())
        else:
            rows[-1] += piece
        start = end
    return "\n".join(rows)


def _breaks(line: str) -> Iterator[tuple[int, int]]:
    """Yield the places inside brackets, after a comma or before a word like ``for``, with the number of brackets open."""
    depth, formatted, naming = 0, 0, False
    offset = len(line) - len(line.lstrip())
    try:
        for token in tokenize.generate_tokens(io.StringIO(line.lstrip()).readline):
            formatted += {"FSTRING_START": 1, "FSTRING_END": -1}.get(tokenize.tok_name[token.type], 0)
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
            naming = token.string == "for" or (naming and token.string != "in")  # what follows ``for`` stays together
            if (
                depth
                and not formatted
                and (token.string in ("for", "and", "or") or (token.string == "," and not naming))
            ):
                yield offset + token.end[1] if token.string == "," else offset + token.start[1] - 1, depth
    except tokenize.TokenError:
        return
