"""Functions and files are of a size that can be read."""

import ast
from statistics import median

from tests.house.code import MAPPED, ROOT, modules

LONGEST_FUNCTION, LONGEST_FILE, MEDIAN, WIDEST = 40, 450, 6, 120


def lengths() -> dict[str, int]:
    """Return the lines of every function, its decorators and docstring left out."""
    return {
        f"{module}.{node.name}": node.end_lineno - _first_line(node) + 1
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    }


def _first_line(function: ast.FunctionDef) -> int:
    """Return the line of ``def``, moved down by a docstring, so that explaining is not punished."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.end_lineno
    return function.lineno + (first.end_lineno - first.lineno + 1 if documented else 0)


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: length for name, length in lengths().items() if length > LONGEST_FUNCTION} == {}


def test_most_functions_are_a_few_lines() -> None:
    assert median(lengths().values()) <= MEDIAN


def test_no_file_is_longer_and_no_line_wider_than_can_be_read() -> None:
    for folder in (*MAPPED, "convformance"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8").splitlines()
            assert len(text) <= LONGEST_FILE, path
            assert max(map(len, text), default=0) <= WIDEST, path
