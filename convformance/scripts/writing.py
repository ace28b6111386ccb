"""Writing a script: the operands, the call, the truth and an assertion, under a header that says what was seen."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import Adapter, Request, Route
from convformance.adapters.notation import Notation, options
from convformance.judging import special
from convformance.judging.examination import Examination
from convformance.judging.formats import default_accumulator, result_format
from convformance.judging.smallest import Failure
from convformance.reference.arrays import Array, widened
from convformance.reference.dtypes import FLOATS
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem
from convformance.scripts.checking import ENDS_IN, ending_without
from convformance.scripts.header import framework_text, meaning_of, origin
from convformance.scripts.lines import comment, used_imports, wrapped
from convformance.scripts.numbers import literal, numbers_text

LARGEST = 400  # numbers in all operands
MOST_SHOWN = 16  # numbers of a right answer that stand in a comment

# A route without a template is asked through this suite, in its canonical layout.
_SUITE_SETUP = (
    "import numpy as np",
    "from convformance.adapters.discovery import load",
    "from convformance.reference.problem import Problem",
)
# What a script raises, which has not this suite, in place of an exception of ours.
_RAISED = {"BackendFault": "RuntimeError"}


def script_of(
    adapter: Adapter, route: Route, failure: Failure, *, case_id: str, dtype: str, message: str
) -> str | None:
    """Return a script that asks ``route`` what it failed on, and ends in an exception as long as it fails there.

    ``failure`` should be the smallest; ``case_id`` and ``dtype`` are those of the verdict it comes from, ``message``
    says why it is so: the reason of a known divergence, or what the verdict says.
    None where the operands hold more than ``LARGEST`` numbers, and where a NaN or an infinity meets zeros that an
    implementation may skip, so that there is no one right answer: such findings have no script.
    """
    arrays = failure.operands.arrays
    if sum(array.size for array in arrays) > LARGEST or _is_open(failure, dtype):
        return None
    script = _Script.of(adapter, route, failure, dtype)
    body = [*script.operands(), "", *script.call(), "print(y)", "", *script.assertion()]
    text = "\n".join(line for entry in body for line in wrapped(entry))
    said = f"{script.fault().rstrip('.')}."
    header = (*comment(script.question(), 2), *comment(said, 2), *comment(message, 2), *origin(adapter, case_id))
    return "\n".join([*header, *script.imports(text), "", text, ""])


def _is_open(failure: Failure, dtype: str) -> bool:
    """Whether the definition leaves an element of the result open."""
    operands = failure.operands
    if all(np.isfinite(widened(array)).all() for array in operands.arrays):
        return False
    examination = Examination(failure.operation, failure.problem, dtype, lambda *_: operands, special=True)
    return bool(special.left_open(examination.trial("int")).any())


@dataclass(frozen=True)
class _Script:
    """The parts of a script; ``template`` is the call as a person writes it, None where this suite is called."""

    adapter: Adapter
    route: Route
    failure: Failure
    dtype: str
    template: str | None
    notation: Notation

    @classmethod
    def of(cls, adapter: Adapter, route: Route, failure: Failure, dtype: str) -> "_Script":
        has_bias = failure.operands.bias is not None
        # The suite looks whether an operand was changed, and calls twice; a person would not write that down.
        is_ours = _is_change(failure, dtype) or "calls" in adapter.mode
        # The bias of such a route is added by the suite.
        is_ours |= route.bias_after and has_bias
        is_written = not is_ours and _is_of_its_numbers(route, failure.problem, dtype)
        template = adapter.call_text(route, failure.problem, has_bias=has_bias) if is_written else None
        notation = adapter.notation() if template else Notation(_SUITE_SETUP)
        return cls(adapter, route, failure, dtype, template, notation)

    @property
    def arrays(self) -> dict[str, Array]:
        """The operands and the bias, if there is one, by their names."""
        bias = self.failure.operands.bias
        arrays = dict(zip(OPERAND_NAMES[self.failure.operation], self.failure.operands.arrays, strict=True))
        return arrays if bias is None else {**arrays, "bias": bias}

    def laid(self, array: Array, role: str) -> tuple[Array, tuple[int, ...]]:
        """Return an array and its axes in the order in which the script has them: that of the route's layout.

        One with groups divides axes, and the array is then as the layout has it.
        """
        layout = self.adapter.layout(self.route, role) if self.template else "NC*"
        if "G" in layout:
            array, layout = layouts.from_canonical(array, layout, self.failure.problem.groups), "NC*"
        return array, layouts.shape_in(tuple(range(array.ndim)), layout)

    def as_result(self, array: Array) -> Array:
        """Return an array of the shape of the result with its axes as the script has them."""
        laid, axes = self.laid(array, layouts.result_role(self.failure.operation))
        return laid.transpose(axes)

    def question(self) -> str:
        """Return who was asked what."""
        adapter, problem = self.adapter, self.failure.problem
        padding = problem.symbol or problem.padding
        geometry = options(stride=problem.stride, padding=padding, dilation=problem.dilation, groups=problem.groups)
        meaning = meaning_of(self.failure.operation)
        return f"{framework_text(adapter)}: {meaning} by {self.route.name} in {self.dtype}{geometry}."

    def fault(self) -> str:
        difference, answer = self.failure.difference, self.failure.answer
        if self.failure.error or answer is None or difference is None:
            text = re.sub(r" \(\w+, line \d+\)$|\{\{[^{}]*\}\} *", "", self.failure.error)
            return text[:1].upper() + text[1:]
        wrong = np.argwhere(difference != 0)
        index = tuple(map(int, wrong[0]))
        there = np.zeros(difference.shape, bool)
        there[index] = True
        position = tuple(map(int, np.argwhere(self.as_result(there))[0]))
        numbers = f"{literal(answer[index])} in place of {literal(self.failure.want[index])} at {position}"
        return f"Gives {numbers}; {len(wrong)} of {difference.size} numbers differ"

    def operands(self) -> Iterator[str]:
        """Yield the lines that make the operands, in the memory order of the failure where the framework can say it."""
        roles = (*layouts.operand_roles(self.failure.operation), "bias")
        for (name, canonical), role in zip(self.arrays.items(), roles, strict=False):
            array, axes = self.laid(canonical, role)
            order = self.notation.order if array.ndim > 2 else ""
            is_moved = bool(order) or axes != tuple(range(array.ndim))
            text = self.notation.operand.format(numbers=numbers_text(array, axes), dtype=array.dtype.name)
            # What a stride of 0 repeats cannot be filled; a script that needs it does not diverge, and is not kept.
            if array.flags.c_contiguous or 0 in array.strides or is_moved or not self.notation.strided:
                yield f"{name} = {text}{order}"
            else:
                yield f"{name} = {_strided(self.notation, array, array.dtype.name)}"
                yield f"{name}[...] = {text}"

    def call(self) -> Iterator[str]:
        """Yield the lines that end in the result ``y``."""
        if self.template is None:
            yield from self.suite_call()
            return
        *lines, result = self.template.split("\n")
        if not self.notation.compiled:
            yield from (*lines, f"y = {result}")
            return
        names = ", ".join(self.arrays)
        yield f"def call({names}):"
        yield from (f"    {line}" for line in (*lines, f"return {result}"))
        yield from ("", f"y = {self.notation.compiled}({names})")

    def suite_call(self) -> Iterator[str]:
        cls, failure = type(self.adapter), self.failure
        spec = self.adapter.spec or f"{sys.modules[cls.__module__].__file__}:{cls.__name__}"
        operands = ", ".join(OPERAND_NAMES[failure.operation])
        bias = "" if failure.operands.bias is None else ", bias"
        yield f"adapter = load({spec!r})"
        yield f'route = adapter.route("{failure.operation}", "{self.route.name}")'
        yield f"problem = {_problem_text(failure.problem)}"
        yield f"answer = adapter.create().answer(route, problem, [{operands}]{bias})"
        yield "y = answer.value"

    def assertion(self) -> Iterator[str]:
        """Yield what must hold, and what the script says about its end."""
        answer, want = self.failure.answer, self.failure.want
        if answer is None:
            exception = re.match(r"[A-Za-z_]\w*(?=:)", self.failure.error)
            yield f"# Right: {self.right()}."
            raised = exception and ENDS_IN.format(exception=_RAISED.get(exception[0], exception[0]))
            yield raised or ending_without(self.failure.error)
            return
        first, wanted = next(iter(self.arrays)), result_format(self.dtype)
        if _is_change(self.failure, self.dtype):
            yield "assert not answer.changed  # the indices of the operands that were changed"
        elif answer.shape == want.shape and answer.dtype != wanted.dtype:
            yield f'assert y.dtype == "{wanted.name}"' if wanted.is_integer else f"assert y.dtype == {first}.dtype"
        elif not want.size:
            yield f"assert tuple(y.shape) == {self.as_result(want).shape}"
        else:
            yield f"# {self.reason()}"
            yield f"want = {self.wanted()}"
            yield f"assert {self.comparison()}"
        yield ENDS_IN.format(exception="AssertionError")

    def right(self) -> str:
        """Return in a few words what would be right."""
        want = self.as_result(self.failure.want)
        text = literal(want) if 0 < want.size <= MOST_SHOWN else ""
        return text if 0 < len(text) < 80 else f"a result of shape {want.shape}"

    def wanted(self) -> str:
        """Return the truth as an expression: long ones of a single number by that number."""
        want = self.as_result(self.failure.want)
        if want.size > MOST_SHOWN and (want == want.flat[0]).all():
            return f"np.full({want.shape}, {literal(want.flat[0])}).tolist()"
        return literal(want)

    def reason(self) -> str:
        """Return why the truth is what must come."""
        if not np.isfinite(self.failure.want).all():
            return "Right: what sums a NaN or an infinity shows it, and nothing else does."
        accumulator = self.route.accumulator.get(self.dtype) or default_accumulator(self.dtype).name
        return f"Right: sums of these numbers are exact in {accumulator}, whatever their order."

    def comparison(self) -> str:
        lists = self.notation.lists.format(name="y")
        if not np.isfinite(self.failure.want).all():
            return f"np.array_equal({lists}, want, equal_nan=True)"
        # The sums of a fast algorithm are not exact, but their nearest integers are.
        return f"{lists} == want" if self.route.grade == "conformant" else f"np.rint({lists}).tolist() == want"

    def imports(self, text: str) -> list[str]:
        """Return the setup, after what the numbers in ``text`` need and without imports that it does not use."""
        uses = {"from math import inf, nan": r"\b(inf|nan)\b", "import numpy as np": r"\bnp\."}
        lines = [line for line, use in uses.items() if line not in self.notation.setup and re.search(use, text)]
        if self.dtype == "bfloat16" and self.notation.operand.startswith("np."):
            lines.append("import ml_dtypes  # gives NumPy its bfloat16")
        body = "\n".join((*self.notation.setup, text))
        return [*lines, *used_imports(self.notation.setup, body)]


def _is_change(failure: Failure, dtype: str) -> bool:
    """Whether an operand was changed: all that can be wrong with an answer whose shape and dtype are right."""
    answer, wanted = failure.answer, (failure.want.shape, result_format(dtype).dtype)
    return bool(failure.error) and answer is not None and (answer.shape, answer.dtype) == wanted


def _problem_text(problem: Problem) -> str:
    """Return the problem as it is made, without what is at its default."""
    stated = ((each, getattr(problem, each.name)) for each in fields(problem))
    return f"Problem({', '.join(f'{each.name}={value!r}' for each, value in stated if value != each.default)})"


def _is_of_its_numbers(route: Route, problem: Problem, dtype: str) -> bool:
    """Whether the route's template is written for numbers of that kind: floating-point ones, wherever it takes those.

    Others may need more than the call itself, such as a conjugate.
    """
    return dtype in FLOATS or not any(route.domain.holds(Request(problem, each)) for each in FLOATS)


def _strided(notation: Notation, array: Array, dtype: str) -> str:
    strides = tuple(step // array.itemsize for step in array.strides)
    size = 1 + sum((entries - 1) * step for entries, step in zip(array.shape, strides, strict=True))
    return notation.strided.format(shape=array.shape, strides=strides, steps=array.strides, size=size, dtype=dtype)
