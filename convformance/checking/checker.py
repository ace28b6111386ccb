"""``check``: a function that somebody wrote, asked and judged."""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from convformance.checking import cases, forms, signature
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.checking.caller import Caller, OpenCaller, infer_forms
from convformance.checking.run import CheckRun, Verdict
from convformance.checking.layouts import Layouts
from convformance.checking.patience import TooLong
from convformance.checking.result import CheckResult, Findings
from convformance.checking.signature import EMPTY, GEOMETRY, OPERANDS, Parameter, Signature
from convformance.judging.grades import ACCURACY
from convformance.reference import geometry
from convformance.reference.operation import OPERAND_NAMES, check_operation
from convformance.test_cases import fills
from convformance.test_cases.case import DTYPES, Case

SECONDS = 4.0
PATIENCE = 10.0  # how many times the budget a single call may take
_COUNTS = ("batch", "in_channels", "out_channels", "groups")
_PER_AXIS = ("stride", "dilation", "kernel_size", "input_size")


def check(
    fn: Callable[..., Any],
    *,
    op: str = "conv",
    layout: str = "NCHW",
    filter_layout: str | None = None,
    dtype: str = "float64",
    call: Callable[..., Any] | None = None,
    returns: Sequence[str | None] | None = None,
    grade: str = "conformant",
    empty: bool = False,
    seconds: float = SECONDS,
    **fixed: Any,
) -> CheckResult:
    """Judge a function that computes ``op``, or several results named in their order by ``returns``, None for one not judged.

    ``layout`` is any order of N, C and D, H, W, ``filter_layout`` of O, I and the same spatial letters (default ``OIHW``, without O
    and I where the layout has no C); a letter left out is an axis that is not there. How to call ``fn`` is read from the names and
    defaults of its parameters, or said as ``call=lambda fn, x, w, problem: ...``. ``fixed`` are values that the function builds in
    (``padding="same"``) or that a parameter is to have. ``grade`` is the weakest grade that counts as right, ``norm-wise`` for a
    fast algorithm. ``empty`` asks for results without elements, too. ``seconds`` is the time for all questions. What is printed,
    raised or changed is a finding.

    Raises ValueError for arguments that make no sense, and where the call cannot be guessed, with the ``call=`` to write.
    """
    found = run_check(
        fn,
        op=op,
        layout=layout,
        filter_layout=filter_layout,
        dtype=dtype,
        call=call,
        returns=returns,
        grade=grade,
        empty=empty,
        seconds=seconds,
        fixed=fixed,
        on_event=_ignore,
    )
    return CheckResult(found)


def _ignore(kind: str, what: Verdict) -> None:
    """Tell nobody."""


def run_check(
    fn: Callable[..., Any],
    *,
    op: str,
    layout: str,
    filter_layout: str | None,
    dtype: str,
    call: Callable[..., Any] | None,
    returns: Sequence[str | None] | None,
    grade: str,
    empty: bool,
    seconds: float,
    fixed: Mapping[str, Any],
    on_event: Callable[[str, Verdict], None],
) -> Findings:
    """Return what ``check`` finds; ``on_event(kind, what)`` hears of every question: ``asking`` before it, ``verdict`` after it."""
    _check_choice("dtype", dtype, DTYPES)
    _check_choice("grade", grade, ACCURACY[:-1])
    results = tuple(returns) if returns else (op,)
    operations = tuple(check_operation(result) for result in results if result is not None)
    caller = _caller(fn, call, operations, Layouts.of(layout, filter_layout), fixed)
    function = FunctionUnderTest(caller, results, dtype, PATIENCE * seconds)
    function.caller = _settled(function)
    started = time.monotonic()
    check_run = CheckRun(function, cases.cases(function.caller, dtype, empty=empty), seconds, grade, on_event)
    check_run.run()
    return _findings(check_run, started)


def _check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}={value!r}; allowed: {', '.join(allowed)}")


def _caller(
    fn: Callable[..., Any],
    call: Callable[..., Any] | None,
    operations: tuple[str, ...],
    layouts: Layouts,
    fixed: Mapping[str, Any],
) -> Caller:
    """Return how ``fn`` is called, what is fixed told apart by role; raises ValueError for what is neither."""
    if not callable(fn):
        raise ValueError(f"fn={fn!r} is no function")
    families = {operation.startswith("conv_transpose") for operation in operations}
    if not operations or len(families) > 1:
        raise ValueError(
            "returns= names no operation, or those of a convolution and of a transposed one; allowed: one family"
        )
    by_role = {signature.role_of(name) or name: value for name, value in fixed.items()}
    held = {**_letters_held(layouts), **_held(by_role, layouts.rank)}
    if call is not None:
        return _open_caller(fn, call, operations, layouts, by_role, held)
    read = signature.read(fn, operations, layouts.rank, fixed)
    names = {parameter.name for parameter in read.parameters}
    unknown = [name for name in fixed if name not in names and _stated(name) is None]
    if unknown:
        allowed = ", ".join((*names, *_PER_AXIS, *_COUNTS, "padding"))
        raise ValueError(f"{unknown[0]}={fixed[unknown[0]]!r} is no parameter of {read.name}; allowed: {allowed}")
    return Caller(fn, read, layouts, operations, {**by_role, **fixed}, held)


def _stated(name: str) -> str | None:
    """Return the geometry that a fixed name speaks of, or None."""
    role = signature.role_of(name) or name
    return role if role in (*GEOMETRY, *_COUNTS, "bias") else None


def _letters_held(layouts: Layouts) -> dict[str, Any]:
    """Return what follows from letters left out of the layouts."""
    held = {} if "N" in layouts.activations else {"batch": 1}
    if "C" not in layouts.activations:
        held |= {"in_channels": 1, "out_channels": 1}
    if "O" not in layouts.filters:
        held |= {"out_channels": 1}
    return held


def _held(by_role: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Return the fixed geometry as a problem has it; raises ValueError for values that are none."""
    held: dict[str, Any] = {}
    for name in _PER_AXIS:
        if name in by_role:
            held[name] = geometry.per_axis(name, by_role[name], rank)
    held |= {name: by_role[name] for name in _COUNTS if name in by_role}
    if "padding" in by_role:
        held["padding"] = forms.canonical(by_role["padding"], rank)
    return held


def _open_caller(
    fn: Callable[..., Any],
    call: Callable[..., Any],
    operations: tuple[str, ...],
    layouts: Layouts,
    by_role: Mapping[str, Any],
    held: Mapping[str, Any],
) -> Caller:
    """Return the caller of ``call``: its parameters by name where it uses ours, or else fn, the operands, and the problem."""
    needed = tuple(dict.fromkeys(name for operation in operations for name in OPERAND_NAMES[operation]))
    names = list(inspect.signature(call).parameters)
    known = ("fn", "problem", *OPERANDS)
    order = tuple(names) if set(names) <= set(known) else ("fn", *needed, "problem")
    if len(order) != len(names) or not set(needed) <= set(order):
        raise ValueError(
            f"call= has the parameters {', '.join(names)}; allowed: fn, {', '.join(needed)}, problem, and bias for one"
        )
    unknown = [name for name in by_role if _stated(name) is None]
    if unknown:
        raise ValueError(f"{unknown[0]}={by_role[unknown[0]]!r} cannot be fixed beside call=; write it into the call")
    parameters = tuple(Parameter(name, name if name in OPERANDS else None, EMPTY, forms.OPEN, True) for name in order)
    return OpenCaller(fn, Signature(signature.name_of(fn), parameters), layouts, operations, by_role, held, call, order)


def _settled(function: FunctionUnderTest) -> Caller:
    """Return the caller with the forms of arguments that no default shows, found out on the smallest case whose axes agree."""
    trials = (held for held in cases.cases(function.caller, function.dtype, empty=False) if _agrees(held))
    trial = next(trials, None)
    return (
        function.caller
        if trial is None
        else infer_forms(function.caller, lambda caller: _works(function, caller, trial))
    )


def _agrees(held: Case) -> bool:
    plain = not held.special and held.padding == ((0, 0),) * len(held.input_size)
    return plain and max(held.stride) == 1 and max(held.dilation) == 1 and held.problem.multiplications > 8


def _works(function: FunctionUnderTest, caller: Caller, trial: Case) -> bool:
    """Whether the function answers anything at all when called so."""
    operation = trial.operations[0]
    trying = FunctionUnderTest(caller, function.returns, function.dtype, function.patience)
    try:
        trying.answer(operation, trial.problem, fills.fill(trial, operation, function.dtype, "int"))
    except (Raised, TooLong):
        return False
    return True


def _findings(check_run: CheckRun, started: float) -> Findings:
    function, caller = check_run.function, check_run.function.caller
    diagnosed = check_run.diagnosed()
    smallest = check_run.smallest({operation: found[0].name for operation, found in diagnosed.items() if found})
    not_asked = list(caller.lacks())
    if check_run.unasked:
        not_asked.append(
            f"{check_run.unasked} larger questions (the time of {check_run.seconds:g} s was used: seconds=)"
        )
    return Findings(
        caller.signature.name,
        caller.operations,
        _asked(check_run, time.monotonic() - started),
        check_run.verdicts,
        diagnosed,
        smallest,
        list(function.remarks),
        not_asked,
    )


def _asked(check_run: CheckRun, seconds: float) -> str:
    """Return in a line what was asked."""
    caller = check_run.function.caller
    count = len(check_run.verdicts)
    built = [
        f"{name} {value}" for name, value in caller.stated.items() if signature.role_of(name) == name or name in _COUNTS
    ]
    words = [
        f"{count} questions in {seconds:.1f} s",
        check_run.function.dtype,
        caller.layouts.told(caller.operations),
        *built,
    ]
    return ", ".join(words)
