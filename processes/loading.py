"""A user's file as a module, and an exception in words."""

import importlib
import sys
import traceback
from functools import cache
from importlib import util
from importlib.machinery import SourceFileLoader, all_suffixes
from pathlib import Path
from types import ModuleType
from zlib import crc32

from convformance.processes.messages import without_banners

LONGEST = 2000  # characters of a message that are kept


class LoadError(Exception):
    """A file or a module that cannot be run; the message is the exception it raised, in words."""


def module_of_file(path: str | Path) -> ModuleType:
    """Return the module in a file, run once a process, under a name that no other file has.

    Its neighbours can be imported, behind everything else: a file called torch.py must not hide torch. Raises
    FileNotFoundError where there is no such file, LoadError where it cannot be run.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(file)
    try:
        return _run(file)
    except (Exception, SystemExit) as error:
        raise LoadError(error_text(error, file)) from error


def module_of_name(name: str) -> ModuleType:
    """Return the module of a dotted name, also one that lies in the working folder. Raises LoadError."""
    make_importable(Path.cwd())
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise LoadError(error_text(error)) from error


def make_importable(folder: Path) -> None:
    """Let modules in ``folder`` be imported, behind everything else."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@cache
def _run(file: Path) -> ModuleType:
    name = f"convformance_file_{crc32(str(file).encode()):08x}.{file.name.partition('.')[0]}"
    known = file.name.endswith(tuple(all_suffixes()))
    spec = util.spec_from_file_location(name, file, loader=None if known else SourceFileLoader(name, str(file)))
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    make_importable(file.parent)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def error_text(error: BaseException, file: Path | None = None) -> str:
    """Return type, message and place of ``error`` in one line: the innermost in ``file``, else the innermost of all."""
    if type(error) is SyntaxError:
        return f"SyntaxError: {error.msg} ({Path(error.filename or '').name}, line {error.lineno})"
    message = message_in_a_line(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame)]
    own = [frame for frame in frames if file and Path(frame.filename) == file]
    if own:
        return f"{type(error).__name__}: {message} ({file.name if file else ''}, line {own[-1].lineno})"
    where = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {message}{where}"


def message_in_a_line(error: BaseException) -> str:
    """Return the message of ``error`` in one line, which begins with its cause."""
    return " ".join(without_banners(tidy(_message(error))).split()) or "no message"


def tidy(text: str) -> str:
    """Return ``text`` as any file, channel or page can hold it: not endless, no NUL, no half of a surrogate pair."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} characters)"
    return cut.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as unreadable:
        return f"its message cannot be read: {type(unreadable).__name__}"


def _is_machinery(frame: traceback.FrameSummary) -> bool:
    """Whether a frame is that of an import, or of this module."""
    return frame.filename.startswith("<frozen") or frame.filename in (__file__, importlib.__file__)
