"""What the text of a function says of its arguments and results: keys, unpacked tuples, named axes, what it returns."""

import ast
import contextlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

_DEEPEST = 3  # functions that call each other


class Source:
    """The text of a function; everything is empty where there is none, as for compiled code.

    What a function hands on to another one of its module is read there.
    """

    def __init__(self, function: Callable[..., Any], depth: int = 0) -> None:
        self.function = getattr(inspect.unwrap(function), "py_func", inspect.unwrap(function))
        self.depth = depth

    @cached_property
    def tree(self) -> ast.AST:
        """The function's definition."""
        try:
            parsed = ast.parse(textwrap.dedent(inspect.getsource(self.function)))
        except (OSError, TypeError, SyntaxError, ValueError):
            return ast.Module([], [])
        return next((node for node in ast.walk(parsed) if isinstance(node, ast.FunctionDef)), parsed)

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the keys that are read of a dictionary: ``name["stride"]``, ``name.get("stride", 1)``."""
        return tuple(dict.fromkeys(self._keys(name)))

    def _keys(self, name: str) -> Iterator[str]:
        for node in ast.walk(self.tree):
            key: ast.expr | None = None
            if isinstance(node, ast.Subscript):
                key = node.slice if _is_name(node.value, name) else None
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                key = node.args[0] if node.func.attr in ("get", "pop") and _is_name(node.func.value, name) else None
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value
        for callee, parameter in self._handed_on(name):
            yield from callee.keys(parameter)
        for call, callee in self._calls:
            if any(each.arg is None and _is_name(each.value, name) for each in call.keywords):
                yield from _left_open(call, callee)

    def default_of_key(self, name: str, key: str) -> Any:
        """Return what stands for an entry of a dictionary that is not there; None where that is no literal."""
        calls = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and len(node.args) == 2)
        for call in calls:
            of_name = isinstance(call.func, ast.Attribute) and _is_name(call.func.value, name)
            if of_name and _constant(call.args[0]) == key:
                with contextlib.suppress(ValueError):
                    return ast.literal_eval(call.args[1])
        return None

    def attributes(self, name: str) -> tuple[str, ...]:
        """Return the attributes that are read of ``name``, methods left out."""
        called = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        read = (node for node in ast.walk(self.tree) if isinstance(node, ast.Attribute) and id(node) not in called)
        return tuple(dict.fromkeys(node.attr for node in read if _is_name(node.value, name)))

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the names that a tuple is unpacked to, ``x, w, b = name``, or its entries get, ``x = name[0]``."""
        by_index: dict[int, str] = {}
        for targets, value in self._assignments:
            if _is_name(value, name) and len(targets) > 1:
                return targets
            if isinstance(value, ast.Subscript) and _is_name(value.value, name):
                index = _constant(value.slice)
                by_index |= {index: targets[0]} if isinstance(index, int) else {}
        if by_index:
            return tuple(by_index.get(index, "_") for index in range(max(by_index) + 1))
        for call, callee in self._calls:
            if any(isinstance(each, ast.Starred) and _is_name(each.value, name) for each in call.args):
                return tuple(_left_open(call, callee))
        return next((entries for callee, own in self._handed_on(name) if (entries := callee.entries(own))), ())

    def name_of_key(self, name: str, key: str) -> str:
        """Return the variable that an entry of a dictionary is kept in, or the key itself."""
        for targets, value in self._assignments:
            if isinstance(value, ast.Subscript) and _is_name(value.value, name) and _constant(value.slice) == key:
                return targets[0]
        return key

    def axes(self, name: str) -> tuple[tuple[str, ...], str]:
        """Return the names that the axes of an array get, and where they stand: ``all``, ``first`` or ``last``.

        ``n, c, h, w = x.shape`` names all, ``h, w = x.shape[:2]`` the first, ``h, w = x.shape[2:]`` the last ones.
        """
        for targets, value in self._assignments:
            if len(targets) > 1 or isinstance(value, ast.Attribute):
                where = _part_of_shape(value, name)
                if where and (len(targets) > 1 or self._is_tuple_target(value)):
                    return targets, where
        handed_on = (callee.axes(own) for callee, own in self._handed_on(name))
        return next((axes for axes in handed_on if axes[0]), (self._axes_of_docstring(name), "all"))

    def windowed_axes(self) -> tuple[int, tuple[int, ...]]:
        """Return how many axes the first array has that windows are read of, ``x[:, i : i + k, j : j + l]``, and which.

        An array of as many as can be: in ``image[:, :, c][i : i + k]`` it is not seen.
        """
        most: tuple[int, tuple[int, ...]] = (0, ())
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and isinstance(node.ctx, ast.Load):
                entries = node.slice.elts
                axes = tuple(index for index, entry in enumerate(entries) if _is_window(entry))
                most = max(most, (len(entries) if axes else 0, axes), key=lambda each: (len(each[1]), each[0]))
        return most

    def new_axis(self, name: str) -> int | None:
        """Return where an array of two axes gets a third, 2 in ``name[:, :, None]``, or None where it gets none."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Subscript) and _is_name(node.value, name) and isinstance(node.slice, ast.Tuple):
                entries = [ast.unparse(entry).rpartition(".")[2] for entry in node.slice.elts]
                known = ["None" if entry == "newaxis" else ":" * (entry == "...") or entry for entry in entries]
                if known in ([":", ":", "None"], ["None", ":", ":"], [":", "None"], ["None", ":"]):
                    return 2 if known[-1] == "None" else 0
        return None

    def _is_tuple_target(self, value: ast.expr) -> bool:
        return any(
            isinstance(node, ast.Assign) and node.value is value and isinstance(node.targets[0], ast.Tuple | ast.List)
            for node in ast.walk(self.tree)
        )

    def _axes_of_docstring(self, name: str) -> tuple[str, ...]:
        """Return the names in the brackets behind ``name`` in the docstring, as ``x: input of shape (N, C, H, W)``."""
        documented = ast.get_docstring(self.tree) if isinstance(self.tree, ast.FunctionDef) else None
        for line in (documented or "").splitlines():
            axes_in_brackets = r"\(([\w ]+(?:,[\w ]+)*),?\)"
            own_line = re.match(rf"\W*{re.escape(name)}\b.*?{axes_in_brackets}", line)
            match = own_line or re.search(rf"\b{re.escape(name)}\b[ :=]*{axes_in_brackets}", line)
            axes = tuple(part.strip() for part in match[1].split(",")) if match else ()
            if len(axes) > 1 and all(axis.isidentifier() for axis in axes):
                return axes
        return ()

    def returned(self) -> tuple[str, ...]:
        """Return the names of the results, in the last ``return`` of the function itself; "" for one without."""
        values = [node.value for node in _own_nodes(self.tree) if isinstance(node, ast.Return) and node.value]
        if not values:
            return ()
        last = values[-1]
        for call, callee in self._calls:
            if call is last:
                return callee.returned()
        parts = last.elts if isinstance(last, ast.Tuple | ast.List) else [last]
        return tuple(_base_name(part) for part in parts)

    def compared_strings(self, name: str) -> tuple[str, ...]:
        """Return the strings that an argument is compared with, in any spelling of the comparison."""
        texts: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Compare) and _base_name(node.left) == name:
                constants = (each for part in node.comparators for each in ast.walk(part))
                texts += [value for each in constants if isinstance(value := _constant(each), str)]
        return tuple(dict.fromkeys(texts))

    @cached_property
    def _calls(self) -> list[tuple[ast.Call, "Source"]]:
        """The calls of functions that are written in Python, with their text."""
        return list(self._find_calls())

    def _find_calls(self) -> Iterator[tuple[ast.Call, "Source"]]:
        known = getattr(self.function, "__globals__", {})
        for node in ast.walk(self.tree) if self.depth < _DEEPEST else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                callee = known.get(node.func.id)
                own = getattr(callee, "__module__", None) == getattr(self.function, "__module__", None)
                if own and inspect.isfunction(callee) and callee is not self.function:
                    yield node, Source(callee, self.depth + 1)

    def _handed_on(self, name: str) -> Iterator[tuple["Source", str]]:
        """Yield the functions that get ``name`` as it is, each with its own name for it."""
        for call, callee in self._calls:
            own = list(inspect.signature(callee.function).parameters)
            pairs = zip(call.args, own, strict=False)
            yield from ((callee, parameter) for each, parameter in pairs if _is_name(each, name))
            named = (each for each in call.keywords if each.arg and _is_name(each.value, name))
            yield from ((callee, str(each.arg)) for each in named)

    @cached_property
    def _assignments(self) -> list[tuple[tuple[str, ...], ast.expr]]:
        """Every assignment to names; a starred or another target ends the names."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.Assign) and len(node.targets) == 1)
        return [pair for node in nodes for pair in _pairs(node.targets[0], node.value)]


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[tuple[str, ...], ast.expr]]:
    """Yield names and value; ``a, b = x["a"], x["b"]`` is two assignments."""
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            for name, each in zip(target.elts, value.elts, strict=True):
                yield from _pairs(name, each)
        elif all(isinstance(each, ast.Name) for each in target.elts):
            yield tuple(each.id for each in target.elts if isinstance(each, ast.Name)), value
    elif isinstance(target, ast.Name):
        yield (target.id,), value


def _left_open(call: ast.Call, callee: Source) -> list[str]:
    """Return the parameters of a function that a call gives it neither by position nor by name."""
    by_name = {each.arg for each in call.keywords}
    plain_arguments = sum(not isinstance(each, ast.Starred) for each in call.args)
    names = list(inspect.signature(callee.function).parameters)[plain_arguments:]
    return [name for name in names if name not in by_name]


def _own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of functions inside it, in their order."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own_nodes(child)


def _is_window(entry: ast.expr) -> bool:
    """Whether an index is a slice that begins at a variable and ends at another place."""
    return isinstance(entry, ast.Slice) and entry.upper is not None and not isinstance(entry.lower, ast.Constant | None)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _constant(node: ast.AST) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _part_of_shape(value: ast.expr, name: str) -> str:
    """Return which axes of ``name`` a value is the sizes of: ``all``, ``first``, ``last``, or nothing."""
    where = "all"
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        where = "last" if value.slice.lower is not None else "first"
        value = value.value
    attribute = isinstance(value, ast.Attribute) and value.attr == "shape" and _is_name(value.value, name)
    called = isinstance(value, ast.Call) and ast.unparse(value.func).endswith("shape") and len(value.args) == 1
    return where if attribute or (called and _is_name(value.args[0], name)) else ""  # type: ignore[attr-defined]


def _base_name(node: ast.AST) -> str:
    """Return the variable that an expression begins with, ``dx`` of ``dx[:, 1:-1]`` and ``db`` of ``db.sum()``."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            library = isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy", "jnp", "torch")
            node = node.args[0] if library and node.args else node.func.value
        else:
            return node.id if isinstance(node, ast.Name) else ""
