"""Smoke: a new harness is tried step by step, and what is wrong with it is said in words."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from convformance.adapters.program import class_of, command_of
from convformance.adapters.protocol import introduction, messages
from convformance.adapters.protocol.conversation import START, STOP
from convformance.adapters.protocol.introduction import Introduction
from convformance.adapters.protocol.messages import ProtocolError
from convformance.exchange.attempts import ONLY_AT_THE_END, Attempts, Failure, hint_of, speaks_at_the_end
from convformance.processes.pipe import Ended, EndlessLine, Pipe, PipeError, Silent

SECONDS = 10.0  # that each step may take
_STOPS_WITHIN = 5.0


@dataclass(frozen=True)
class Step:
    """One thing that was tried: in words, whether it went well, and what is to be said of it."""

    name: str
    ok: bool
    message: str = ""

    @property
    def text(self) -> str:
        """The line that the terminal shows."""
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.name}" + (f": {self.message}" if self.message else "")


def steps(spec: str, *, seconds: float = SECONDS) -> Iterator[Step]:
    """Try the harness that ``spec`` names; yield what was tried, up to what must be mended before anything else."""
    command = command_of(spec)
    try:
        introduced = _introduced(command, seconds)
    except Failure as failure:
        yield Step("starts and introduces itself", False, str(failure))
        return
    yield Step("starts and introduces itself", True, _text(introduced))
    for name, attempt in _attempts(command, introduced, seconds):
        try:
            yield Step(name, True, attempt())
        except Failure as failure:
            yield Step(name, False, str(failure))
            if failure.basic:
                return


def _attempts(
    command: tuple[str, ...], introduced: Introduction, seconds: float
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield what is tried once a harness has introduced itself, each with its name."""
    attempts = Attempts(class_of(introduced, command), seconds)
    yield "does not wait for the end of its input", attempts.prompt
    yield "numbers are little-endian", attempts.byte_order
    for route in attempts.routes:
        where = "" if route.name == "exec" else f" in {route.name}"
        for dtype in introduced.dtypes:
            yield f"answers {route.operation} in {dtype}{where}", attempts.asking(route, dtype)
    yield "reads what comes in pieces, or two questions at once", attempts.pieces
    yield "takes and gives a megabyte", attempts.megabyte
    yield "ends when it is told to stop", lambda: _stops(command, seconds, STOP)
    yield "ends when its input is closed", lambda: _stops(command, seconds, b"")
    yield "speed", attempts.speed


def _text(introduced: Introduction) -> str:
    language = introduced.language and f"in {introduced.language}"
    device = introduced.device and f"on {introduced.device}"
    return " ".join(filter(None, (introduced.name, introduced.target, language, device)))


def _introduced(command: tuple[str, ...], seconds: float) -> Introduction:
    """Return what the program says of itself; raises Failure with what stands in the way."""
    try:
        pipe = Pipe(command)
    except OSError as error:
        raise Failure(f"{command[0]} cannot be started: {error.strerror}") from error
    pipe.until = time.monotonic() + seconds
    try:
        pipe.send(START)
        return introduction.parse(messages.parse_line(pipe.line()))
    except Silent:
        raise Failure(_why_silent(pipe, seconds)) from None
    except EndlessLine as error:
        raise Failure(f"{error}: a header is one line that ends with \\n (byte 10)") from error
    except Ended as error:
        raise Failure(f"{error}, and it has not introduced itself{_came(pipe)}{_said(pipe)}") from error
    except ProtocolError as error:
        raise Failure(f"{error}{hint_of(str(error))}") from error
    finally:
        pipe.close(gently=False)


def _why_silent(pipe: Pipe, seconds: float) -> str:
    """Return why a program that runs has said nothing that counts; its input is closed, to see whether it then does."""
    nothing = f"nothing came within {seconds:g} s of {START.decode().strip()} on its input"
    text = _came(pipe).removeprefix("; ") or (ONLY_AT_THE_END if speaks_at_the_end(pipe) else nothing)
    return text + _said(pipe)


def _came(pipe: Pipe) -> str:
    """Return what came and is no line, as the end of a sentence."""
    unread = pipe.unread
    if not unread:
        return ""
    came = f"{messages.bytes_of(len(unread))} came and no end of a line"
    return f"; {came}: a header ends with \\n (byte 10); {messages.shown(unread)}"


def _said(pipe: Pipe) -> str:
    return f"; on standard error it said: {pipe.last_words}" if pipe.last_words else ""


def _stops(command: tuple[str, ...], seconds: float, message: bytes) -> str:
    """Start the program, let it introduce itself, and send ``message`` or close its input: it must end by itself."""
    pipe = Pipe(command)
    pipe.until = time.monotonic() + seconds
    try:
        pipe.send(START)
        pipe.line()
        if message:
            pipe.send(message)
        else:
            pipe.close_input()
        status = pipe.status(_STOPS_WITHIN)
    except PipeError as error:
        raise Failure(str(error)) from error
    finally:
        pipe.close(gently=False)
    if status is None:
        raise Failure(f"it still runs {_STOPS_WITHIN:g} s later, and would be ended by force")
    if status != 0:
        raise Failure(f"its exit status is {status}; allowed: 0")
    return ""
