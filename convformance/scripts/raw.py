"""A raw question as a script: the framework's own call, which is what is run, and what it must come to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convformance.adapters import layouts, raw
from convformance.adapters.contract import Adapter, Route
from convformance.adapters.raw import RawCall
from convformance.reference.arrays import Array
from convformance.scripts.checking import ENDS_IN, ending_without
from convformance.scripts.header import framework_text, meaning_of, origin
from convformance.scripts.lines import comment, used_imports, wrapped
from convformance.scripts.numbers import literal
from convformance.test_cases.case import Case

LARGEST = 400  # numbers of a right result that a script writes down


@dataclass(frozen=True)
class RawProgram:
    """A raw question as lines of code: what it imports, its operands, the call, whose last line is the result."""

    setup: tuple[str, ...]
    operands: list[str]
    call: list[str]

    @property
    def text(self) -> str:
        """The program that leaves the result in ``y``."""
        *lines, result = self.call
        return "\n".join((*self.setup, *self.operands, *lines, f"y = {result}", ""))


def raw_program(adapter: Adapter, route: Route, case: Case, dtype: str) -> RawProgram:
    """Return the program that asks ``route`` what ``case``, one with raw arguments, asks."""
    assert case.raw is not None
    call = RawCall.of(case.problem, route.operation, dtype, case.raw)
    operands, lines = raw.lines_of(adapter, route, call)
    setup = adapter.notation().setup
    numpy = () if "import numpy as np" in setup else ("import numpy as np",)
    return RawProgram((*numpy, *setup), operands, lines)


def fault(case: Case, operation: str, value: Array) -> str:
    """Return what is wrong with a result in canonical layout, or nothing where it is what the arguments mean."""
    assert case.raw is not None
    asked = case.raw.asked
    if not case.raw.means:
        return f"{asked} is accepted: a result of shape {value.shape}, where the arguments have no meaning"
    want = raw.truth(case.problem, operation, case.raw)
    if case.raw.argument == "rank":  # axes of batches may be left out or added
        value, want = np.squeeze(value), np.squeeze(want)
    if value.shape != want.shape:
        return f"{asked} is accepted: a result of shape {value.shape} in place of {want.shape}"
    wrong = np.argwhere(value != want)
    if not len(wrong):
        return ""
    index = tuple(map(int, wrong[0]))
    numbers = f"{value[index].item()!r} in place of {want[index].item()!r} at {index}"
    return f"{asked} is accepted: {numbers}; {len(wrong)} of {want.size} numbers differ"


def raw_script(
    adapter: Adapter, route: Route, case: Case, *, dtype: str, message: str, answered: bool, reason: str = ""
) -> str:
    """Return a script that ends as it says as long as the call does what ``message`` says; a refusal ends it well.

    ``answered``: there was a result. ``reason``: why it is so, where that is known.
    """
    program = raw_program(adapter, route, case, dtype)
    *lines, result = program.call
    check = list(_check(adapter, route, case)) if answered else []
    attempt = [
        "try:",
        *(f"    {entry}" for entry in (*lines, f"y = {result}", "print(y)")),
        "except Exception as error:",
        '    print("refused:", error)',
        *(["else:", *(f"    {entry}" for entry in check)] if check else []),
        ENDS_IN.format(exception="AssertionError") if answered else ending_without(message),
    ]
    body = [line for entry in (*program.operands, *attempt) for line in wrapped(entry)]
    imports = used_imports(program.setup, "\n".join((*program.setup, *body)))
    reasons = (*comment(_seen(adapter, route, case, message), 3), *comment(reason, 2), *comment(_right(case), 1))
    return "\n".join([*reasons, *origin(adapter, case.id), *imports, "", *body, ""])


def _check(adapter: Adapter, route: Route, case: Case) -> Iterator[str]:
    """Yield what must hold of a result."""
    assert case.raw is not None
    want = raw.truth(case.problem, route.operation, case.raw)
    if not case.raw.means or want.size > LARGEST:
        yield f'raise AssertionError("a result, although {case.raw.asked} has no meaning")'
        return
    role = layouts.result_role(route.operation)
    axes = layouts.shape_in(tuple(range(want.ndim)), adapter.layout(route, role))
    moved = want.transpose(axes)
    yield f"assert tuple(y.shape) == {moved.shape}, y.shape"
    if want.size:
        yield f"want = {literal(moved)}"
        yield f"assert {adapter.notation().lists.format(name='y')} == want"


def _seen(adapter: Adapter, route: Route, case: Case, message: str) -> str:
    asked = re.sub(r"[\"\\]", "", case.raw.asked if case.raw else "")
    call = f"{meaning_of(route.operation)} by {route.name.removeprefix(raw.PREFIX)} with {asked}"
    return f"{framework_text(adapter)}: {call}. Seen: {message}."


def _right(case: Case) -> str:
    means = case.raw is not None and case.raw.means
    return f"Right: an exception{', or the result that these arguments mean' if means else ''}."
