"""A conversation with a program that answers: it is started, introduces itself, is asked, and is stopped."""

import contextlib
import json
import time
from collections.abc import Sequence

from convformance.adapters.contract import BackendFault, Refusal
from convformance.adapters.protocol import introduction, messages
from convformance.adapters.protocol.introduction import Introduction
from convformance.adapters.protocol.messages import VERSION, ProtocolError
from convformance.processes.pipe import Ended, EndlessLine, Pipe, PipeError
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

START_SECONDS = 60.0  # that a program may take to introduce itself: some compile themselves first
_MOST_SAID = 300  # characters of its last words that a message keeps

START = messages.encode({"cmd": "start", "version": VERSION})
STOP = messages.encode({"cmd": "stop"})


class Conversation:
    """One running program. Raises BackendFault where it ends, is no program, or breaks the protocol."""

    def __init__(self, command: Sequence[str], *, seconds: float = START_SECONDS) -> None:
        self.command = tuple(command)
        self.sequence = 0
        self._announced: int | None = None  # bytes that the header of an answer says follow it, while they are awaited
        try:
            self.pipe = Pipe(command)
        except OSError as error:
            raise BackendFault("crashed", f"{command[0]} cannot be started: {error.strerror}") from error
        try:
            self.introduction = self._introduced(seconds)
        except BaseException:
            self.pipe.close(gently=False)
            raise

    def _introduced(self, seconds: float) -> Introduction:
        self.pipe.until = time.monotonic() + seconds
        try:
            self.pipe.send(START)
            introduced = introduction.parse(messages.parse_line(self.pipe.line()))
        except (PipeError, ProtocolError) as error:
            raise self._fault(error, "when it was started") from error
        self.pipe.until = None
        return introduced

    def ask(self, operation: str, problem: Problem, arrays: Sequence[Array], layouts: tuple[str, str]) -> Array:
        """Return the answer to one question; raises Refusal with the program's own sentence."""
        self.sequence += 1
        message = messages.question(self.sequence, operation, problem, arrays, layouts)
        try:
            self._check_silence("nothing was asked yet")
            self.pipe.send(messages.encode(message, arrays))
            header = messages.parse_header(self.pipe.line(), self.sequence)
            self._announced = header.bytes
            data = self.pipe.exactly(header.bytes)
            self._check_silence(f"its answer announced {messages.bytes_of(header.bytes)}")
            self._announced = None
        except (PipeError, ProtocolError) as error:
            raise self._fault(error, "") from error
        if header.refused is not None:
            raise Refusal(header.refused or "refused, and it did not say why")
        if header.error is not None:
            raise BackendFault("error", header.error or "an error, and it did not say which", answered=True)
        return messages.array_of(header, data)

    def _check_silence(self, before: str) -> None:
        """Raise ProtocolError for what nobody asked for, such as a second answer."""
        unread = self.pipe.unread
        if unread:
            came = f"{before}, and {messages.bytes_of(len(unread))} came that nobody asked for"
            raise ProtocolError(f"{came}: {messages.shown(unread)}")

    def _fault(self, error: Exception, when: str) -> BackendFault:
        """Return an error as the fault of the program, with what it said last."""
        partial = ""
        if isinstance(error, Ended) and (unread := self.pipe.unread):
            partial = f", {messages.bytes_of(len(unread))} into its answer"
        text = " ".join(filter(None, (str(error) + partial, when)))
        grade = "crashed" if isinstance(error, Ended) else "error"
        if isinstance(error, EndlessLine | ProtocolError):
            text = f"not the protocol: {text}"
        return BackendFault(grade, text + self.said())

    def progress(self) -> str:
        """Return how much of an answer has come where it is not complete, as the end of a sentence."""
        unread = self.pipe.unread
        if self._announced is not None:
            return f"; of the {messages.bytes_of(self._announced)} that its header announced {len(unread):,} came"
        if unread:
            return f"; {messages.bytes_of(len(unread))} came and no end of a line: {messages.shown(unread)}"
        return ""

    def said(self) -> str:
        """Return what it said last on standard error, as the end of a sentence."""
        errors = self.pipe.last_words
        return f"; last on standard error: {json.dumps(errors[-_MOST_SAID:], ensure_ascii=False)}" if errors else ""

    def stop(self) -> None:
        """Let it end; one that does not is ended."""
        with contextlib.suppress(PipeError):
            self.pipe.until = time.monotonic() + 1.0
            self.pipe.send(STOP)
        self.pipe.close()

    def abandon(self) -> None:
        """End it at once: what it would say next belongs to a question that nobody asks any more."""
        self.pipe.close(gently=False)
