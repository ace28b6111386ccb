"""Where an exception comes from: a statement of the user's own file that raises it, or an accident on the way."""

import dis
import linecache
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_LIBRARIES = tuple(
    str(Path(path).resolve())
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_path(name))
)
_OURS = Path(__file__).resolve().parent
_RAISES = dis.opmap["RAISE_VARARGS"]


@dataclass(frozen=True)
class Origin:
    """An exception: its type, its text, and the last line of the user's own code on its way.

    ``stated``: a ``raise`` or an ``assert`` on that line raised it, with words for why, so that it was meant.
    ``by_call``: a helper that the user's ``call=`` uses raised it.
    """

    type: str
    message: str
    file: str = ""
    line: int = 0
    source: str = ""
    stated: bool = False
    by_call: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells one statement that raises from another."""
        return self.type, self.file, self.line

    @property
    def text(self) -> str:
        """The exception as Python prints it."""
        return ": ".join(filter(None, (self.type, self.message)))

    @property
    def where(self) -> str:
        """File and line, with what is written there."""
        return f"{self.file}, line {self.line}: {self.source}" if self.source else f"{self.file}, line {self.line}"


def origin_of(error: BaseException) -> Origin:
    """Return where ``error`` comes from."""
    kind, message = type(error).__name__, " ".join(str(error).split())
    frames = list(_frames(error.__traceback__))
    own = [frame for frame in frames if _is_users(frame)]
    by_call = bool(frames) and _is_ours(frames[-1]) and isinstance(error, NotImplementedError)
    if not own:
        return Origin(kind, message, by_call=by_call)
    name, line = own[-1].tb_frame.f_code.co_filename, own[-1].tb_lineno
    stated = own[-1] is frames[-1] and _raises(own[-1]) and bool(message or isinstance(error, AssertionError))
    return Origin(kind, message, Path(name).name, line, linecache.getline(name, line).strip(), stated, by_call)


def _frames(traceback: TracebackType | None) -> "list[TracebackType]":
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    return frames


def _is_users(frame: TracebackType) -> bool:
    name = frame.tb_frame.f_code.co_filename
    if name.startswith("<frozen") or _is_ours(frame):
        return False
    return not str(Path(name).resolve()).startswith(_LIBRARIES)


def _is_ours(frame: TracebackType) -> bool:
    return Path(frame.tb_frame.f_code.co_filename).resolve().parent == _OURS


def _raises(frame: TracebackType) -> bool:
    """Whether the instruction that was left is one that raises: what a statement calls on its way is an accident."""
    code = frame.tb_frame.f_code.co_code
    return 0 <= frame.tb_lasti < len(code) and code[frame.tb_lasti] == _RAISES
