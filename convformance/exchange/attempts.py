"""What is tried with a harness that has introduced itself; each attempt says what it saw, or raises Failure."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.adapters.contract import BackendFault, Refusal, Request, Route
from convformance.adapters.program import Program
from convformance.adapters.protocol import messages
from convformance.adapters.protocol.messages import ProtocolError
from convformance.judging.diagnosis import explained
from convformance.judging.formats import format_of
from convformance.judging.grades import CLEAN, WRONG
from convformance.judging.rule import Judgement, judge
from convformance.processes.limits import CallTimeout, time_limit
from convformance.processes.pipe import Pipe, PipeError
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.test_cases import catalogue, examining
from convformance.test_cases.case import Case
from convformance.test_cases.fills import fill

_FAMILIES = ("ranks", "bias", "empty", "groups", "dilation", "padding", "strides")  # a case of each is asked
_POINT = Problem.of(input_size=(1, 1), kernel_size=1)
_SIDE = 512  # of an image of a megabyte
_REPEATS = 30
_READ_ON = (
    "a pipe gives bytes as they come: read on until the line, or the bytes that were announced, are complete, "
    "and leave what lies behind them for the next question"
)


class Failure(Exception):
    """What is wrong with the harness, and what to do about it; ``basic``: nothing else can be tried before that."""

    def __init__(self, message: str, *, basic: bool = False) -> None:
        super().__init__(message)
        self.basic = basic


@dataclass(frozen=True)
class Attempts:
    """Attempts on one harness, each in a process of its own; ``seconds`` is the time for one of its answers."""

    adapter_class: type[Program]
    seconds: float

    @property
    def routes(self) -> tuple[Route, ...]:
        """The ways in which it can be asked."""
        return self.adapter_class.routes()

    def asking(self, route: Route, dtype: str) -> Callable[[], str]:
        """Return the attempt to ask a route a few cases, from small to big."""

        def attempt() -> str:
            with self._adapter() as adapter:
                refusals = [self._refusal(adapter, route, each, dtype) for each in _cases(route, dtype)]
            refused = sum(map(bool, refusals))
            if not refusals:
                return "nothing that is asked here lies in its domain"
            return f"{len(refusals)} cases" + (f", {refused} of them refused" if refused else "")

        return attempt

    def byte_order(self) -> str:
        """Ask for the product of numbers that are others when their bytes are turned round, and no less ordinary."""
        route, dtype = self.routes[0], self.adapter_class.introduction.dtypes[0]
        stored = format_of(dtype).dtype
        assert stored is not None
        number = np.frombuffer(bytes([0x3F, *[0] * (stored.itemsize - 2), 0x40]), stored)
        operands = tuple(np.full(shape, number[0]) for shape in _POINT.operand_shapes(route.operation))
        with self._adapter() as adapter, self._in_words("a single number"):
            answer = adapter.answer(route, _POINT, operands).value
        _check_order(answer.reshape(-1)[:1], number, len(operands))
        return ""

    def pieces(self) -> str:
        """Send a question a few bytes at a time, and then two questions in a single piece."""
        route, dtype, each = self._first()
        with self._adapter() as adapter:
            self._refusal(adapter, route, each, dtype)
            conversation = adapter.conversation
            first, second, third = (_message(adapter, route, each, dtype, number) for number in (101, 102, 103))
            conversation.pipe.until = time.monotonic() + self.seconds
            try:
                step = max(1, len(first) // 7)
                for start in range(0, len(first), step):
                    conversation.pipe.send(first[start : start + step])
                    time.sleep(0.01)
                _receive(conversation.pipe, 101)
                conversation.pipe.send(second + third)
                _receive(conversation.pipe, 102)
                _receive(conversation.pipe, 103)
            except (PipeError, ProtocolError) as error:
                raise Failure(f"{error}: {_READ_ON}") from error
        return ""

    def megabyte(self) -> str:
        """Ask for an image that no pipe holds at once, both ways."""
        route, dtype, _ = self._first()
        problem = Problem.of(input_size=(_SIDE, _SIDE), kernel_size=1)
        operands = tuple(np.ones(shape, format_of(dtype).dtype) for shape in problem.operand_shapes(route.operation))
        if not route.domain.holds(Request(problem, dtype)):
            return "two axes are outside its domain"
        with self._adapter() as adapter, self._in_words("a megabyte"):
            answer = adapter.answer(route, problem, operands).value
        if answer.shape != problem.result_shape(route.operation):
            raise Failure(f"its shape is {answer.shape}; allowed: {problem.result_shape(route.operation)}")
        return ""

    def speed(self) -> str:
        """Ask the same small question again and again."""
        route, dtype, each = self._first()
        operands = fill(each, route.operation, dtype, "int")
        with self._adapter() as adapter, self._in_words(each.id):
            asked = [adapter.answer(route, each.problem, operands.arrays, operands.bias) for _ in range(_REPEATS)]
        return f"{1000 * statistics.median(answer.seconds for answer in asked):.2g} ms a question of {each.id}"

    @contextmanager
    def _adapter(self) -> Iterator[Program]:
        adapter = self.adapter_class()
        try:
            yield adapter
        finally:
            adapter.close()

    @contextmanager
    def _in_words(self, asked: str) -> Iterator[None]:
        """Turn whatever is no answer into a Failure."""
        try:
            with time_limit(self.seconds):
                yield
        except CallTimeout as timeout:
            raise Failure(f"{asked}: no answer within {self.seconds:g} s{timeout}") from None
        except BackendFault as fault:
            raise Failure(f"{asked}: {fault}", basic=not fault.answered) from fault
        except Refusal as refusal:
            raise Failure(f"{asked}: it refuses what it said it offers: {refusal}") from refusal

    def _refusal(self, adapter: Program, route: Route, each: Case, dtype: str) -> str:
        """Return what a case is refused with, "" where it is answered rightly; raises Failure for anything else."""
        examination = examining.examination(each, route.operation, dtype, dict(route.accumulator).get(dtype))

        def ask(operands: Any) -> Any:
            return adapter.answer(route, each.problem, operands.arrays, operands.bias)

        with self._in_words(each.id):
            try:
                judgement = judge(examination, ask)
            except Refusal as refusal:
                return str(refusal)
        if judgement.grade not in (*CLEAN, route.grade):
            raise Failure(f"{each.id}: {_why_not_clean(judgement, route.operation)}")
        return ""

    def _first(self) -> tuple[Route, str, Case]:
        """Return a route, a dtype and the smallest case in its domain with something to sum: few refuse that."""
        for route in self.routes:
            for dtype in self.adapter_class.introduction.dtypes:
                for each in _cases(route, dtype):
                    if each.problem.multiplications:
                        return route, dtype, each
        raise Failure("nothing that is asked here lies in its domain")


def _cases(route: Route, dtype: str) -> Iterator[Case]:
    """Yield a case of each family and rank that the route can be asked, from small to big."""
    seen = set()
    for each in sorted(catalogue.cases("smoke"), key=lambda each: each.problem.multiplications):
        kind = each.family, each.problem.rank
        request = Request(each.problem, dtype, each.has_bias(route.operation), case=each.id)
        is_asked = route.operation in each.operations and dtype in each.dtypes and not each.special
        if each.family in _FAMILIES and kind not in seen and is_asked and route.domain.holds(request):
            seen.add(kind)
            yield each


def _why_not_clean(judgement: Judgement, operation: str) -> str:
    """Return what is wrong, and the named mistake that gives just these numbers, if one does."""
    if judgement.grade != WRONG:
        return f"{judgement.grade}: {judgement.message}"
    first = next(iter(judgement.diagnosis), None)
    return judgement.message + (f". {explained(first.name, operation).explanation}" if first else "")


def _check_order(answer: Array, number: Array, factors: int) -> None:
    """Raise Failure where the answer is the product of the numbers with their bytes turned round, or turned itself."""
    turned = {True: "in the order of this machine", False: "the other way round"}
    for reads in (True, False):
        for writes in (True, False):
            read = (number if reads else number.byteswap()).astype(np.float64)
            came = (answer if writes else answer.byteswap()).astype(np.float64)
            if np.allclose(came, read**factors, rtol=0.02):
                if reads and writes:
                    return
                said = f"it reads the bytes of a number {turned[reads]} and writes them {turned[writes]}"
                raise Failure(f"{said}; allowed: little-endian, the lowest byte first")
    # Any other number is a wrong answer, which the next steps tell.


def _message(adapter: Program, route: Route, each: Case, dtype: str, number: int) -> bytes:
    """Return a question as it is sent."""
    operands = fill(each, route.operation, dtype, "int")
    return adapter.question(number, route, each.problem, operands.arrays, operands.bias)[1]


def _receive(pipe: Pipe, number: int) -> None:
    header = messages.parse_header(pipe.line(), number)
    pipe.exactly(header.bytes)
