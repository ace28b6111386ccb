"""Shortening: an adapter's code as one question needs it, shorter and no different.

Annotations, docstrings and ``@route`` go; what the mode or the dtype decides is decided; a check whose only end is a refusal is
left out, as what was refused is no finding.
"""

import ast
import builtins
import inspect
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, cast

import ml_dtypes

from convformance.adapters import contract
from convformance.adapters.contract import Refusal, UsageError

_REFUSING = (Refusal, UsageError, NotImplementedError)
_DTYPE_TESTS = ast.Compare | ast.cmpop | ast.Attribute | ast.Constant | ast.expr_context | ast.Tuple


class Shortener(ast.NodeTransformer):
    """Shortens statements of the module with ``namespace``.

    ``known`` holds the adapter's attributes that nothing changes, ``operands`` an array of the right dtype by the name of the
    parameter that gets one; ``called`` returns what is left of a function that is called, if it is of ours. With ``bits`` arrays
    of bfloat16 are arrays of ``np.uint16``, for frameworks that get and give them as bits.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        *,
        known: Mapping[str, Any],
        operands: Mapping[str, Any],
        called: Callable[[ast.expr], list[ast.stmt]],
        bits: bool,
    ) -> None:
        self.namespace = namespace
        self.known = known
        self.operands = operands
        self.called = called
        self.bits = bits

    def shortened(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return what is left of ``statement``, which is changed."""
        left = self.visit(statement)
        return left if isinstance(left, list) else [] if left is None else [left]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit what is below ``node``; a body of which nothing is left says so."""
        super().generic_visit(node)
        if getattr(node, "body", None) == []:
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list = [each for each in node.decorator_list if not self._declares_route(each)]
        node.returns = None
        named = node.args
        for argument in (*named.posonlyargs, *named.args, *named.kwonlyargs, named.vararg, named.kwarg):
            if argument is not None:
                argument.annotation = None
        self.generic_visit(node)
        node.body = _reachable(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """The fields of a class keep their annotations: a dataclass or a named tuple is made of them."""
        left = [[each] if isinstance(each, ast.AnnAssign) else self.shortened(each) for each in node.body]
        node.body = list(chain.from_iterable(left)) or [ast.Pass()]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        return (
            None if node.value is None else ast.copy_location(ast.Assign([node.target], self.visit(node.value)), node)
        )

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) or (
            isinstance(node.value, ast.Call) and is_empty(self.called(node.value.func))
        ):
            return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if len(node.args) == 1 and not node.keywords and is_identity(self.called(node.func)):
            return node.args[0]
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        idle = all(isinstance(each, ast.Pass) or self._refuses(each) for each in node.body)
        return None if idle and not node.orelse else node

    def visit_Try(self, node: ast.Try) -> Any:
        self.generic_visit(node)
        handled = chain.from_iterable(handler.body for handler in node.handlers)
        refuses = bool(node.handlers) and all(map(self._refuses, handled))
        return [*node.body, *node.orelse, *node.finalbody] if refuses else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        decisive = isinstance(node.op, ast.Or)
        values: list[ast.expr] = []
        for value in node.values:
            if not isinstance(value, ast.Constant) or bool(value.value) is decisive or value is node.values[-1]:
                values.append(value)
            if isinstance(value, ast.Constant) and bool(value.value) is decisive:
                break
        node.values = values
        return node if len(values) > 1 else values[0]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if names & set(self.operands) and self._is_about_dtypes(node):
            return self._evaluated(node)
        self.generic_visit(node)
        constant = all(isinstance(each, ast.Constant) for each in (node.left, *node.comparators))
        constant = constant and not any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops)
        return self._evaluated(node) if constant else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if self.bits and self._resolved(node) is ml_dtypes.bfloat16:
            return ast.Attribute(ast.Name("np", ast.Load()), "uint16", ast.Load())
        value = self.known.get(node.attr)
        if ast.unparse(node.value) == "self" and isinstance(node.ctx, ast.Load) and isinstance(value, str | int):
            return ast.Constant(value)
        return cast(ast.expr, self.generic_visit(node))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        mode = self.known.get("mode")
        asked = ast.unparse(node.value) == "self.mode" and isinstance(node.slice, ast.Constant) and node.slice.value
        if isinstance(mode, dict) and asked in mode:
            return ast.Constant(mode[asked])
        return cast(ast.expr, self.generic_visit(node))

    def _evaluated(self, node: ast.expr) -> ast.Constant:
        return ast.Constant(bool(eval(ast.unparse(node), {**self.namespace, **self.operands})))

    def _is_about_dtypes(self, node: ast.AST) -> bool:
        """Whether nothing decides ``node`` but the dtype of an operand, constants and what the module names."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.operands:
            return node.attr == "dtype"
        if isinstance(node, ast.Name):
            return self._resolved(node) is not None
        return isinstance(node, _DTYPE_TESTS) and all(map(self._is_about_dtypes, ast.iter_child_nodes(node)))

    def _declares_route(self, decorator: ast.expr) -> bool:
        return isinstance(decorator, ast.Call) and self._resolved(decorator.func) is contract.route

    def _refuses(self, statement: ast.stmt) -> bool:
        if not isinstance(statement, ast.Raise) or statement.exc is None:
            return False
        raised = self._resolved(statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc)
        return inspect.isclass(raised) and issubclass(raised, _REFUSING)

    def _resolved(self, node: ast.AST) -> Any:
        """Return the object that a dotted name means in the module, or None."""
        if isinstance(node, ast.Attribute):
            return getattr(self._resolved(node.value), node.attr, None)
        return self.namespace.get(node.id, getattr(builtins, node.id, None)) if isinstance(node, ast.Name) else None


def is_empty(found: list[ast.stmt]) -> bool:
    """Whether ``found`` is a function that does nothing."""
    return bool(found) and all(
        isinstance(each, ast.FunctionDef) and ast.unparse(each.body[0]) == "pass" for each in found
    )


def is_identity(found: list[ast.stmt]) -> bool:
    """Whether ``found`` is a function, or a method, that returns the argument it gets."""
    return bool(found) and all(isinstance(each, ast.FunctionDef) and _returns_argument(each) for each in found)


def _returns_argument(function: ast.FunctionDef) -> bool:
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    plain = not (function.decorator_list or function.args.vararg or function.args.kwarg or function.args.kwonlyargs)
    return plain and len(names) == 1 and ast.unparse(function.body[0]) == f"return {names[0]}"


def _reachable(body: list[ast.stmt]) -> list[ast.stmt]:
    ends = (place for place, statement in enumerate(body) if isinstance(statement, ast.Return | ast.Raise))
    return body[: next(ends, len(body)) + 1]
