"""A program in any language as an adapter: ``exec:COMMAND``, spoken to as docs/protocol.md says."""

import atexit
import shlex
import shutil
import time
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from convformance.adapters import layouts
from convformance.adapters.contract import (
    Adapter,
    Answer,
    BackendFault,
    Refusal,
    Request,
    Route,
    UsageError,
    check_domain,
)
from convformance.adapters.notation import Notation
from convformance.adapters.protocol import messages
from convformance.adapters.protocol.conversation import Conversation
from convformance.adapters.protocol.introduction import Introduction
from convformance.processes.limits import CallTimeout
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES, WITH_BIAS
from convformance.reference.problem import Problem

PREFIX = "exec:"
_STARTS = 3  # in a row that may fail before nothing more is tried


class Program(Adapter):
    """A program that answers on its standard output what it is asked on its standard input.

    It is started with the first question, and again after a question that it died of, hung on or answered with what is
    no answer. ``introduction`` is what it said of itself when it was looked for.
    """

    command: ClassVar[tuple[str, ...]]
    introduction: ClassVar[Introduction]

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self._conversation: Conversation | None = None
        self._failed: list[BackendFault] = []
        atexit.register(_end, weakref.ref(self))

    @classmethod
    @cache
    def version(cls) -> str:
        """Return the version of what the program drives, as it says."""
        return cls.introduction.target or "unknown"

    @property
    def processes(self) -> frozenset[int]:
        """The process that is kept from question to question."""
        return frozenset() if self._conversation is None else frozenset({self._conversation.pipe.pid})

    def answer(self, route: Route, problem: Problem, operands: tuple[Array, ...], bias: Array | None = None) -> Answer:
        """Ask the program; raises Refusal with its sentence, BackendFault where it ends or breaks the protocol."""
        check_domain(self.name, route, Request(problem, str(operands[0].dtype), bias is not None))
        arrays = self.in_layout(route, problem, operands, bias)
        conversation = self.conversation
        started = time.perf_counter()
        try:
            result = conversation.ask(route.operation, problem, arrays, self.orders(route))
        except Refusal:
            raise
        except BackendFault as fault:
            if not fault.answered:
                self._abandon()
            raise
        except CallTimeout as timeout:
            said = conversation.progress() + conversation.said()
            self._abandon()
            raise CallTimeout(f"{timeout}{said}") from None
        except BaseException:
            self._abandon()
            raise
        seconds = time.perf_counter() - started
        return Answer(self.in_canonical_order(route, problem, result), seconds)

    def orders(self, route: Route) -> tuple[str, str]:
        """Return the layouts of activations and of filters in which a route is asked."""
        return self.layout(route, "activation"), self.layout(route, "filter")

    def question(
        self, number: int, route: Route, problem: Problem, operands: tuple[Array, ...], bias: Array | None
    ) -> tuple[dict[str, Any], bytes]:
        """Return the header of a question, and all of it as it is sent."""
        arrays = self.in_layout(route, problem, operands, bias)
        header = messages.question(number, route.operation, problem, arrays, self.orders(route))
        return header, messages.encode(header, arrays)

    @property
    def conversation(self) -> Conversation:
        """The conversation, begun anew where there is none; what never starts is not tried for ever."""
        if self._conversation is None:
            if len(self._failed) >= _STARTS:
                raise self._failed[-1]
            try:
                self._conversation = Conversation(self.command)
            except BackendFault as fault:
                self._failed.append(fault)
                raise
            self._failed.clear()
        return self._conversation

    def _abandon(self) -> None:
        """End the program: what it says next would be taken for the answer to another question."""
        if self._conversation is not None:
            self._conversation.abandon()
            self._conversation = None

    def close(self) -> None:
        """Let the program end."""
        if self._conversation is not None:
            self._conversation.stop()
            self._conversation = None

    def notation(self) -> Notation:
        """Return how a script writes a question to a program: bytes to its standard input, without this suite."""
        return Notation(setup=("import json, subprocess", "import numpy as np"), strided="")

    def call_text(self, route: Route, problem: Problem, *, has_bias: bool = False) -> str:
        """Return the call as a person writes it who has the page of the protocol and nothing else."""
        names = [*OPERAND_NAMES[route.operation], *(["bias"] if has_bias else [])]
        role = layouts.result_role(route.operation)
        shape = layouts.shape_in(problem.result_shape(route.operation), self.layout(route, role))
        activations, filters = self.orders(route)
        header = {
            "activations": activations,
            "filters": filters,
            "problem": messages.geometry(problem),
            "result": {"shape": shape},
        }
        return f"""\
arrays = {{{", ".join(f'"{name}": {name}' for name in names)}}}
tensors = [{{"name": name, "shape": array.shape, "bytes": array.nbytes}} for name, array in arrays.items()]
header = {header!r}
header |= {{"cmd": "ask", "seq": 1, "operation": "{route.operation}"}}
header |= {{"dtype": str({names[0]}.dtype), "tensors": tensors}}
sent = [json.dumps(line).encode() + b"\\n" for line in ({{"cmd": "start", "version": {messages.VERSION}}}, header)]
sent += [array.tobytes() for array in arrays.values()]
process = subprocess.run({list(self.command)!r}, input=b"".join(sent), stdout=subprocess.PIPE)
introduction, line, data = process.stdout.split(b"\\n", 2)
answer = json.loads(line)
if "tensor" not in answer:
    raise RuntimeError(answer)
tensor = answer["tensor"]
np.frombuffer(data[: tensor["bytes"]], tensor["dtype"]).reshape(tensor["shape"])"""


def _end(reference: "weakref.ref[Program]") -> None:
    adapter = reference()
    if adapter is not None:
        adapter.close()


@cache
def adapter_of(spec: str) -> type[Program]:
    """Return the adapter of a spec ``exec:COMMAND``: the program is started to say what it offers, and stopped.

    Raises UsageError where it cannot be started, or introduces itself as nothing that can be asked.
    """
    command = command_of(spec)
    try:
        conversation = Conversation(command)
    except BackendFault as fault:
        hint = f"; to see what is wrong: convformance smoke {shlex.quote(spec)}"
        raise UsageError(f"adapter {spec}: {fault}{hint}") from fault
    conversation.stop()
    return class_of(conversation.introduction, command)


def class_of(introduction: Introduction, command: tuple[str, ...]) -> type[Program]:
    """Return the adapter of a program that has introduced itself."""
    routes = tuple(_routes(introduction))
    namespace: dict[str, Any] = {"name": introduction.name, "command": command, "introduction": introduction}
    namespace |= {"domain": introduction.domain, "own_device": introduction.device}
    namespace["routes"] = classmethod(lambda cls: routes)
    return type("Program", (Program,), {**namespace, "__module__": __name__})


def command_of(spec: str) -> tuple[str, ...]:
    """Return the command of a spec ``exec:COMMAND``; a program in the working folder may be named without ``./``.

    Raises UsageError.
    """
    text = spec.removeprefix(PREFIX)
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"adapter {spec} cannot be read: {error}") from error
    if not parts:
        raise UsageError(f"adapter {PREFIX} names no program; allowed: exec:COMMAND, such as exec:./my_conv")
    if shutil.which(parts[0]) is None and Path(parts[0]).is_file():
        parts[0] = str(Path(parts[0]).resolve())
    return tuple(parts)


def _routes(introduction: Introduction) -> Iterator[Route]:
    """Yield a route for each operation in each of the program's layouts, named by these where there are several."""
    for operation in introduction.operations:
        takes_bias = operation in WITH_BIAS and "bias" not in introduction.lacks
        for activations, filters in introduction.layouts:
            name = f"{activations},{filters}" if len(introduction.layouts) > 1 else "exec"
            yield Route(
                operation,
                name,
                "answer",
                activations,
                filters,
                introduction.grade,
                dict(introduction.accumulator),
                takes_bias,
                domain=introduction.domain,
            )
