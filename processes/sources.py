"""What a user's file defines, taken out of it as it is: a script that does work, a notebook, a module of a package."""

import __future__

import ast
import contextlib
import importlib
import json
import linecache
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import util
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from types import ModuleType
from zlib import crc32

from convformance.processes import loading
from convformance.processes.limits import CallTimeout, time_limit
from convformance.processes.loading import LoadError, error_text, make_importable

WORK_SECONDS = 20.0  # that one statement at the top level may take which only does something
_LEVELS = 4  # folders above a file that relative imports may reach
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


@dataclass
class Source:
    """A module, and what of its file is missing in it: a sentence each, and the reason by the name that is missing."""

    module: ModuleType
    left_out: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def source_of(path: str, wanted: str) -> Source:
    """Return what the file ``path`` defines, or the module of that dotted name; ``wanted`` is what it is loaded for.

    A statement that fails, or that works for long, is left out. Raises FileNotFoundError where there is neither file
    nor module, LoadError where nothing can be loaded.
    """
    file = Path(path).resolve()
    if not file.is_file():
        if file.suffix in (".py", ".ipynb") or not all(part.isidentifier() for part in path.split(".")):
            raise FileNotFoundError(path)
        return Source(loading.module_of_name(path))
    if file.name.endswith(tuple(EXTENSION_SUFFIXES)):
        return Source(loading.module_of_file(file))
    make_importable(file.parent)
    return _of_notebook(file, wanted) if file.suffix == ".ipynb" else _of_script(file)


def _of_script(file: Path) -> Source:
    try:
        with tokenize.open(file) as stream:
            tree = ast.parse(stream.read(), str(file))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        raise LoadError(error_text(error, file)) from error
    relative = any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    for folder in _package_folders(file)[-1:]:
        make_importable(folder.parent)
    if relative and (imported := _imported(file)):
        return Source(imported)
    name = _below_folders(file) if relative else _name_of(file)
    source = Source(_new_module(name, file))
    _run(source, [(statement, str(file), f"line {statement.lineno}") for statement in tree.body])
    return source


def _name_of(path: Path) -> str:
    return f"convformance_file_{crc32(str(path).encode()):08x}.{path.name.partition('.')[0]}"


def _new_module(name: str, file: Path) -> ModuleType:
    spec = util.spec_from_file_location(name, file) or ModuleSpec(name, None, origin=str(file))
    module = util.module_from_spec(spec) if spec.loader else ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module  # dataclasses look their module up there
    return module


def _package_folders(file: Path) -> list[Path]:
    """Return the folders of the package that a file belongs to, the innermost first; none without ``__init__.py``."""
    folders: list[Path] = []
    for folder in file.parents:
        if not (folder / "__init__.py").is_file():
            break
        folders.append(folder)
    return folders


def _imported(file: Path) -> ModuleType | None:
    """Return the file as the module of its package, or None where it is in none or that cannot be imported."""
    folders = _package_folders(file)
    names = [folder.name for folder in reversed(folders)]
    name = ".".join(names if file.stem == "__init__" else [*names, file.stem])
    try:
        module = importlib.import_module(name) if folders else None
    except (Exception, SystemExit):
        return None  # its own statements may run nevertheless, without what the package does
    same = module is not None and Path(module.__file__ or "").resolve() == file
    return module if same else None  # another package of that name may come first


def _below_folders(file: Path) -> str:
    """Return a name for a file below packages that stand for its folders, so that it can import relatively."""
    folders = list(reversed(file.parents[:_LEVELS]))
    name = f"convformance_folder_{crc32(str(folders[0]).encode()):08x}"
    for depth, folder in enumerate(folders):
        name = f"{name}.{folder.name.replace('.', '_')}" if depth else name
        if name not in sys.modules:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(folder)]
            sys.modules[name] = util.module_from_spec(spec)
    return f"{name}.{file.stem}"


def _run(source: Source, statements: Iterable[tuple[ast.stmt, str, str]]) -> None:
    """Run statements one after another; each comes with the file its code is in and where it stands."""
    flags, failed = 0, list[str]()
    for statement, filename, where in statements:
        flags |= _future(statement)
        try:
            code = compile(ast.Module([statement], []), filename, "exec", flags=flags, dont_inherit=True)
            with _limit(statement):
                exec(code, vars(source.module))
        except (Exception, SystemExit, CallTimeout) as error:
            slow = isinstance(error, CallTimeout)
            reason = f"takes more than {WORK_SECONDS:g} s" if slow else error_text(error, Path(filename))
            if isinstance(error, NameError):  # the reason is why that name is missing
                reason = source.missing.get(error.name or "", reason)
            failed.append(f"{where}: {reason}" if slow else reason)
            source.missing |= dict.fromkeys(_bound(statement) - set(vars(source.module)), reason)
    if failed:
        more = f", and {len(failed) - 1} more statements that fail or take long" if len(failed) > 1 else ""
        source.left_out.append(f"left out of {Path(source.module.__file__ or '').name}: {failed[0]}{more}")


def _limit(statement: ast.stmt) -> contextlib.AbstractContextManager[None]:
    """Return the limit of time for a statement: none for an import, which may take long and must not end half-way."""
    return contextlib.nullcontext() if isinstance(statement, _DEFINITIONS) else time_limit(WORK_SECONDS)


def _future(statement: ast.stmt) -> int:
    """Return the compiler's flags that a statement asks for in all that follow."""
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    return sum(getattr(__future__, alias.name).compiler_flag for alias in statement.names)


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a meaning to."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _of_notebook(file: Path, wanted: str) -> Source:
    """Return what the cells define: imports, functions, classes, constants, and what ``wanted`` is made of."""
    source = Source(_new_module(_name_of(file), file))
    parsed: list[tuple[ast.stmt, str, str]] = []
    for number, text in enumerate(_code_cells(file), start=1):
        filename = f"{file.name}, cell {number}"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        try:
            parsed += [(each, filename, f"cell {number}") for each in ast.parse(text, filename).body]
        except SyntaxError as error:
            source.left_out.append(f"{filename}: {error_text(error)}: left out")
    needed = _needed([statement for statement, *_ in parsed], wanted)
    skipped = [where for statement, _, where in parsed if not _is_needed(statement, needed)]
    _run(source, [entry for entry in parsed if _is_needed(entry[0], needed)])
    if skipped:
        cells = ", ".join(dict.fromkeys(where.removeprefix("cell ") for where in skipped))
        source.left_out.append(f"{file.name}: statements that only do something are left out (cells {cells})")
    return source


def _code_cells(file: Path) -> Iterator[str]:
    """Yield the code of a notebook's cells as Python: empty lines in place of what is for the notebook alone."""
    try:
        cells = list(json.loads(file.read_text(encoding="utf-8"))["cells"])
    except (ValueError, KeyError, TypeError) as error:
        raise LoadError(f"it is no notebook of cells: {error_text(error)}") from error
    for cell in cells:
        if cell.get("cell_type") == "code":
            yield _without_magics("".join(cell.get("source", "")) + "\n")


def _without_magics(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError:
        lines = text.splitlines()
        if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture")):
            return ""  # another language, or a file that is written
        return "\n".join("" if _is_magic(line) else line for line in lines) + "\n"
    return text


def _is_magic(line: str) -> bool:
    return line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?")


def _needed(statements: Sequence[ast.stmt], wanted: str) -> set[str]:
    """Return the names that ``wanted`` is made of, whatever defines them."""
    needed, seen = {wanted}, set[str]()
    while new := needed - seen:
        seen |= new
        for statement in statements:
            if _bound(statement) & new:
                needed |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return needed


def _is_needed(statement: ast.stmt, needed: set[str]) -> bool:
    """Whether a statement defines something without doing work for it, or something that is needed."""
    if isinstance(statement, ast.If | ast.Try):
        branches = [*statement.body, *statement.orelse, *getattr(statement, "finalbody", [])]
        return all(_is_needed(each, needed) or isinstance(each, ast.Pass) for each in branches)
    if isinstance(statement, _ASSIGNMENTS):
        works = any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(statement))
        return not works or bool(_bound(statement) & needed)
    return isinstance(statement, _DEFINITIONS)
