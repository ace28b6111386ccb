"""Whether an exception was raised by a line of somebody's own file, and not by what that line calls."""

import ast
import builtins
import dis
import linecache
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from types import CodeType, TracebackType

# Of a wrong call, a wrong name, a condition that was meant to hold: whatever the line calls, it is at fault.
_OWN = (TypeError, NameError, AttributeError, AssertionError)


def own_line(error: BaseException, files: Collection[Path]) -> tuple[Path, int] | None:
    """Return file and line where the exception was raised by a line of ``files`` itself, None where not.

    A line that calls a function written in C has the last frame on the way, too: what that raises is the function's,
    unless it is a type error, as a wrong number of arguments is, or the function is one of Python's own.
    """
    last = _last(error.__traceback__)
    if last is None or Path(last.tb_frame.f_code.co_filename) not in files:
        return None
    if isinstance(error, _OWN) or not _calls(last) or _calls_builtin(last):
        return Path(last.tb_frame.f_code.co_filename), last.tb_lineno
    return None


def _last(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def _calls(frame: TracebackType) -> bool:
    """Whether the instruction that raised calls something."""
    return dis.opname[frame.tb_frame.f_code.co_code[frame.tb_lasti]].startswith("CALL")


def _calls_builtin(frame: TracebackType) -> bool:
    """Whether what is called is a function of Python's own, by its name: ``int(...)``, ``zip(...)``."""
    try:
        call = ast.parse(_source(frame.tb_frame.f_code, frame.tb_lasti), mode="eval").body
    except SyntaxError:
        return False
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    name, scope = call.func.id, {**frame.tb_frame.f_globals, **frame.tb_frame.f_locals}
    return name not in scope and hasattr(builtins, name)


def _source(code: CodeType, instruction: int) -> str:
    """Return the text of the expression that an instruction belongs to, "" where it is not known."""
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if first is None or last is None or first != last:
        return ""
    line = linecache.getline(code.co_filename, first).encode()
    return line[start:end].decode(errors="replace")
