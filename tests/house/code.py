"""The package's own code, read and not run: its modules by dotted name, with what each imports."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The rooms that lie beside the package in a checkout; the others lie in it.
MAPPED = ("reference", "adapters", "test_cases", "judging", "reports", "processes")


@cache
def modules(root: Path = ROOT) -> Mapping[str, ast.Module]:
    """Return every module of the package by its dotted name, ``convformance`` left out; a package has the folder's."""
    folders = {name: root / name for name in MAPPED} | {"": root / "convformance"}
    return {
        _dotted(prefix, path.relative_to(folder)): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for prefix, folder in folders.items()
        for path in sorted(folder.rglob("*.py"))
    }


def _dotted(prefix: str, path: Path) -> str:
    parts = [part for part in (prefix, *path.with_suffix("").parts) if part and part != "__init__"]
    return ".".join(parts)


def imports(module: str, known: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield every module of ours that ``module`` imports: in functions and under TYPE_CHECKING as well."""
    for node in ast.walk(known[module]):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == "convformance":
                yield _nearest(name.partition(".")[2], known)


def _nearest(name: str, known: Mapping[str, ast.Module]) -> str:
    """Return the module that a dotted name means: itself, or the one that it is an attribute of."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def room(module: str) -> str:
    """Return the room that a module belongs to; a file that lies in the package itself is a room of its own."""
    return module.partition(".")[0] or "__init__"
