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
from convformance.adapters.protocol.conversation import Conversation
from convformance.adapters.protocol.messages import ProtocolError
from convformance.judging.diagnosis import explained
from convformance.judging.formats import format_of
from convformance.judging.grades import CLEAN, WRONG
from convformance.judging.rule import Judgement, judge
from convformance.processes.limits import CallTimeout, time_limit
from convformance.processes.pipe import Pipe, PipeError, Silent
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.test_cases import catalogue, examining
from convformance.test_cases.case import Case
from convformance.test_cases.fills import fill

_FAMILIES = ("ranks", "bias", "empty", "groups", "dilation", "padding", "strides")  # a case of each is asked
_SIDE = 512  # of an image of a megabyte
_AFTER_ITS_INPUT = 5.0  # seconds in which what was kept in a buffer comes, once there is nothing more to read
_REPEATS = 30
ONLY_AT_THE_END = (
    "it answered only when its input was closed: it keeps its output in a buffer, or reads its input to the end first; "
    "flush the output after every message, and read one line, then the bytes that it announces"
)
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
            refused = [each for each in refusals if each]
            if not refusals:
                return "nothing that is asked here lies in its domain"
            cases = "1 case" if len(refusals) == 1 else f"{len(refusals)} cases"
            return cases + (f", {len(refused)} of them refused, the first with {refused[0]!r}" if refused else "")

        return attempt

    def prompt(self) -> str:
        """Ask for a product of two numbers, and look whether it comes before the end of the input does."""
        route, problem = self.routes[0], self._square(1)
        operands = _filled(problem, route.operation, self._a_number()[0])
        with self._adapter() as adapter:
            conversation = adapter.conversation
            conversation.pipe.until = time.monotonic() + self.seconds
            try:
                conversation.ask(route.operation, problem, operands, adapter.orders(route))
            except (Refusal, BackendFault) as error:
                if isinstance(error.__cause__, Silent):
                    raise Failure(_why_no_answer(conversation, self.seconds), basic=True) from error
        return ""  # Any other answer, or none, is what the next step tells.

    def byte_order(self) -> str:
        """Ask for the product of numbers that are others when their bytes are turned round, and no less ordinary."""
        route, problem, number = self.routes[0], self._square(1), self._a_number()
        operands = _filled(problem, route.operation, number[0])
        with self._adapter() as adapter, self._in_words("a single number"):
            answer = adapter.answer(route, problem, operands).value
        _check_order(answer.reshape(-1)[:1], number, len(operands))
        return ""

    def _a_number(self) -> Array:
        stored = format_of(self.adapter_class.introduction.dtypes[0]).dtype
        assert stored is not None
        return np.frombuffer(bytes([0x3F, *[0] * (stored.itemsize - 2), 0x40]), stored)

    def _square(self, side: int) -> Problem:
        """Return a kernel of one tap on an image as large as a square with that side, of as many axes as it takes."""
        ranks = self.adapter_class.introduction.spatial
        rank = 2 if 2 in ranks else ranks[0]
        return Problem.of(input_size=(round(side ** (2 / rank)),) * rank, kernel_size=1)

    def pieces(self) -> str:
        """Send a question a few bytes at a time, and then two questions in a single piece."""
        route, dtype, each = self._first()
        with self._adapter() as adapter:
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
                said = f"no answer within {self.seconds:g} s" if isinstance(error, Silent) else error
                raise Failure(f"{said}: {_READ_ON}") from error
        return ""

    def megabyte(self) -> str:
        """Ask for an image that no pipe holds at once, both ways."""
        route, dtype, _ = self._first()
        problem = self._square(_SIDE)
        operands = _filled(problem, route.operation, np.ones((), format_of(dtype).dtype))
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
            said = f'it says "error": {fault}' if fault.answered else f"{fault}{hint_of(str(fault))}"
            raise Failure(f"{asked}: {said}", basic=not fault.answered) from fault
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
                raise Failure(f"{said}; allowed: little-endian, the lowest byte first", basic=True)
    # Any other number is a wrong answer, which the next steps tell.


def _filled(problem: Problem, operation: str, number: Any) -> tuple[Array, ...]:
    """Return the operands of an operation, all of the same number."""
    return tuple(np.full(shape, number) for shape in problem.operand_shapes(operation))


def _why_no_answer(conversation: Conversation, seconds: float) -> str:
    """Return why a program that runs has not answered the first question."""
    text = f"no answer within {seconds:g} s{conversation.progress()}"
    if not conversation.progress() and speaks_at_the_end(conversation.pipe):
        text = ONLY_AT_THE_END
    return text + conversation.said()


def speaks_at_the_end(pipe: Pipe) -> bool:
    """Close the input of a program that has said nothing, and return whether it then does."""
    pipe.close_input()
    pipe.until = time.monotonic() + _AFTER_ITS_INPUT
    try:
        return bool(pipe.line())
    except PipeError:
        return False


def hint_of(error: str) -> str:
    """Return what is usually the matter where something else came than a header, as the end of a sentence."""
    is_text = "a line of JSON was due" in error and "; a header" not in error
    return "; nothing but answers may be written to standard output: a banner belongs on standard error" * is_text


def _message(adapter: Program, route: Route, each: Case, dtype: str, number: int) -> bytes:
    """Return a question as it is sent."""
    operands = fill(each, route.operation, dtype, "int")
    return adapter.question(number, route, each.problem, operands.arrays, operands.bias)[1]


def _receive(pipe: Pipe, number: int) -> None:
    header = messages.parse_header(pipe.line(), number)
    pipe.exactly(header.bytes)
