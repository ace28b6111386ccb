"""The contract between the suite and whoever answers: an adapter, its routes, a typed refusal.

An adapter is a name, a lazy import of its framework in ``__init__`` and a few routes of 2 to 5 lines. A route gets the
problem and the operands as the framework's own arrays in the layout it asked for, and returns the framework's own
array. Layout conversion, data, tolerances and skips belong to the suite.
"""

import inspect
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import util
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.biases import bias_domain, with_bias
from convformance.adapters.changes import content, put_back
from convformance.adapters.divergence import EVERYWHERE, KnownDivergence, Machines, Predicate
from convformance.adapters.domain import (
    COPIED,
    EVERY_QUESTION,
    FLOATING_POINT,
    WITHOUT_BIAS,
    Domain,
    Request,
    in_memory,
    of_numbers,
)
from convformance.adapters.notation import Notation, Template
from convformance.processes.machine import Machine, this_machine
from convformance.processes.messages import without_banners
from convformance.reference.arrays import Array
from convformance.reference.dtypes import dtype_of
from convformance.reference.operation import BY_NAME, check_operation
from convformance.reference.problem import BEYOND, BORDER, OUTPUTS, THEN, Problem

__all__ = [
    "COMMON_OPTIONS",
    "COPIED",
    "EVERYWHERE",
    "EVERY_QUESTION",
    "FLOATING_POINT",
    "WITHOUT_BIAS",
    "Adapter",
    "Answer",
    "BackendFault",
    "Domain",
    "KnownDivergence",
    "Machines",
    "MissingFramework",
    "Predicate",
    "Refusal",
    "Request",
    "Route",
    "UsageError",
    "check_domain",
    "first_paragraph",
    "in_memory",
    "of_numbers",
    "route",
]


class Refusal(Exception):
    """The framework does not offer what was asked; the message is its own sentence."""


class BackendFault(Exception):
    """The back end failed in a way of its own, such as the death of its process; ``grade`` is what that comes to.

    ``answered``: it said so itself, and can be asked on.
    """

    def __init__(self, grade: str, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.grade, self.answered = grade, answered


class UsageError(Exception):
    """The user asked for an adapter that cannot be had as asked; the message says why and what is allowed."""


class MissingFramework(UsageError):
    """The adapter is known, the framework it drives is not installed or cannot be imported."""


# What a route is asked that does not offer more.
_WITHOUT = {BORDER: "zeros in the padding", OUTPUTS: "as many outputs as fit", THEN: "nothing after the convolution"}
_ORDINARY = "an ordinary convolution"


@dataclass(frozen=True)
class Route:
    """One way in which a framework offers an operation.

    ``grade`` is the grade its algorithm documents: ``conformant`` unless it is a fast algorithm. ``accumulator`` maps a
    dtype to the accumulator the framework documents, where that is not float32 for 16-bit types and the own dtype for
    others. ``takes_bias`` says that the method has a ``bias`` parameter. ``activations`` and ``filters`` are layouts,
    the asterisk standing for the spatial axes: ``NC*``, ``N*C``, ``OI*``, ``*IO``, ``GOI*`` (see ``layouts``).
    ``script`` is the call as a person writes it. ``domain`` says where the route can be asked: it is never asked
    anything outside. ``offers`` names what of ``problem.BEYOND`` it answers. ``builds``: the method gives a function of
    the operands, made once. ``bias_after``: it adds no bias itself; the suite adds it to its result.
    """

    operation: str
    name: str
    method: str
    activations: str | None = None
    filters: str | None = None
    grade: str = "conformant"
    accumulator: Mapping[str, str] = field(default_factory=dict, hash=False)
    takes_bias: bool = False
    script: Template | None = field(default=None, compare=False, repr=False)
    domain: Domain = field(default=EVERY_QUESTION, compare=False, repr=False)
    offers: tuple[str, ...] = ()
    builds: bool = False
    bias_after: bool = False

    @property
    def ordinary(self) -> Domain:
        """Where a problem has nothing beyond an ordinary convolution but what the route offers."""
        missing = [name for name in BEYOND if name not in self.offers]
        covers = "; ".join(_WITHOUT[name] for name in missing) if self.offers else _ORDINARY
        return Domain(covers, lambda request: request.problem.beyond.isdisjoint(missing))


@dataclass(frozen=True)
class Answer:
    """What a route gave: the result in canonical layout, the seconds inside the framework, the operands it changed.

    ``earlier`` is the result of the first call where the route was called twice.
    """

    value: Array
    seconds: float
    changed: tuple[int, ...] = ()
    earlier: Array | None = None


# The options of every adapter: with ``calls=2`` each question is asked twice, and the second answer is judged.
COMMON_OPTIONS: Mapping[str, tuple[str, ...]] = {"calls": ("1", "2")}


def route(
    operation: str,
    name: str | None = None,
    *,
    activations: str | None = None,
    filters: str | None = None,
    grade: str = "conformant",
    accumulator: Mapping[str, str] | None = None,
    script: Template | None = None,
    domain: Domain = EVERY_QUESTION,
    numbers: Domain = FLOATING_POINT,
    offers: tuple[str, ...] = (),
    builds: bool = False,
    bias: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method ``(self, problem, first, second, bias=None)`` as a route of ``operation``; may be stacked.

    ``name`` is what ids and reports call it; the default is the method's name. Nothing outside ``domain`` and
    ``numbers`` is asked (integers are summed in int32: see ``reference.dtypes``); a method without a ``bias`` parameter
    is never asked to add one, and with ``bias="after"`` the suite adds it to the result; what of ``problem.BEYOND`` is
    not in ``offers`` is not asked either. For ``script`` see ``notation.Template``; a route without one is written in a
    script as a call of this suite. With ``builds`` the method is ``(self, problem, dtype)``, or ``(self, problem,
    dtype, bias)`` with ``bias`` True where there is one, and returns a function of the operands: it is called once for
    all the data of a problem in a dtype.
    """
    check_operation(operation)

    def declare(method: Callable[..., Any]) -> Callable[..., Any]:
        own_name = method.__name__
        takes_bias = "bias" in inspect.signature(method).parameters
        declared = Route(
            operation,
            name or own_name,
            own_name,
            activations,
            filters,
            grade,
            accumulator or {},
            takes_bias,
            script,
            domain & numbers & bias_domain(operation, method, bias),
            offers,
            builds,
            bias is not None,
        )
        routes: list[Route] = getattr(method, "_routes", [])
        method._routes = [declared, *routes]  # type: ignore[attr-defined]
        return method

    return declare


class Adapter:
    """One framework, or any back end, in one mode.

    Subclasses set ``name`` and ``requires`` (the modules their ``__init__`` imports), list their options with the
    allowed values (first the default; an asterisk allows any other text), import their framework in ``__init__`` and
    declare routes. ``process_options`` are those that a framework takes once for the process it runs in. ``domain`` is
    what the framework can do at all: it bounds every route. ``compile_cache`` are the environment variables that let
    the framework keep what it compiles in ``{folder}``, ``without_cache`` those that forbid it to keep anything.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    distribution: ClassVar[str] = ""
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    process_options: ClassVar[tuple[str, ...]] = ()
    activations: str = "NC*"
    filters: str = "OI*"
    domain: ClassVar[Domain] = EVERY_QUESTION
    compile_cache: ClassVar[Mapping[str, str]] = {}
    without_cache: ClassVar[Mapping[str, str]] = {}
    refusals: ClassVar[tuple[str, ...]] = ()
    known_divergences: ClassVar[tuple[KnownDivergence, ...]] = ()
    kinds_seen: ClassVar[tuple[str, ...]] = ()  # the kinds of machines that they come from
    own_device: ClassVar[str] = ""  # the device, where a back end says it by itself
    answers_anything: ClassVar[bool] = True  # False for answers written down earlier: nothing smaller can be asked
    looked_at: ClassVar[str] = ""  # the newest version whose known divergences somebody looked at
    spec: str = ""  # what the user asked for it by

    _problem: Problem | None = None
    _functions: Mapping[tuple[Any, ...], Callable[..., Any]] = {}

    def __init__(self, **mode: str) -> None:
        self.mode = self.complete_mode(mode)

    @classmethod
    def complete_mode(cls, mode: Mapping[str, str]) -> dict[str, str]:
        """Return ``mode`` with defaults filled in; raises UsageError for an option or a value that does not exist."""
        options = {**cls.options, **COMMON_OPTIONS}
        for key, value in mode.items():
            if key not in options:
                raise UsageError(f"adapter {cls.name} has no option {key!r}; allowed: {', '.join(options)}")
            allowed = options[key]
            if value not in allowed and "*" not in allowed:
                raise UsageError(f"adapter {cls.name}: {key}={value!r} is unknown; allowed: {', '.join(allowed)}")
        own = {key: allowed[0] for key, allowed in cls.options.items()}
        return {**own, **{key: value for key, value in mode.items() if key in own or value != options[key][0]}}

    @classmethod
    def off_default(cls, mode: Mapping[str, str]) -> list[str]:
        """Return the options of ``mode`` that are not at their defaults, as ``key=value``."""
        defaults = {key: allowed[0] for key, allowed in {**cls.options, **COMMON_OPTIONS}.items()}
        return [f"{key}={value}" for key, value in mode.items() if value != defaults[key]]

    @classmethod
    @cache
    def routes(cls) -> tuple[Route, ...]:
        """Return every declared route, those of a base class first, each within the domain of the class.

        Behind them come those for what lies beyond an ordinary convolution, and last those that are asked a sample.
        """
        methods = {name: getattr(cls, name) for base in reversed(cls.__mro__) for name in vars(base)}
        routes = (declared for method in methods.values() for declared in getattr(method, "_routes", ()))
        bounded = (replace(each, domain=cls.domain & each.domain & each.ordinary) for each in routes)
        return tuple(sorted(bounded, key=_standing))

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return in which layouts in memory operands reach the framework in this mode, and are no copy by then.

        Nobody is asked in another layout than those of ``COPIED`` who does not say that it reaches the framework.
        """
        return in_memory()

    @classmethod
    def missing(cls) -> tuple[str, ...]:
        """Return the required modules that are not installed."""
        return tuple(module for module in cls.requires if not _installed(module))

    @classmethod
    @cache
    def version(cls) -> str:
        """Return the framework's version without importing it, or ``unknown`` for a file that names no distribution."""
        from importlib import metadata  # which takes long to import, and is not wanted where one function is checked

        try:
            return metadata.version(cls.distribution or cls.name)
        except metadata.PackageNotFoundError:
            return "unknown"

    def device(self) -> str:
        """Return the device in words."""
        return "cpu"

    def device_facts(self) -> Mapping[str, str]:
        """Return what is known of a device that is no CPU: its name, capability, driver and library versions."""
        return {}

    @property
    def machine(self) -> Machine:
        """The machine that it computes on: this one, with the device that computes in the processor's place."""
        return replace(this_machine(), device=dict(self.device_facts()))

    @property
    def processes(self) -> frozenset[int]:
        """The processes that it keeps running from one question to the next."""
        return frozenset()

    def to_native(self, array: Array) -> Any:
        """Return ``array`` as the framework's own, strides kept where the framework has them."""
        return array

    def to_numpy(self, native: Any) -> Array:
        """Return the framework's array as a NumPy array, the result computed and on the host."""
        return np.asarray(native)

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function``, a route with its problem bound, as this mode runs it: as it is, or compiled."""
        return function

    def wait(self, native: Any) -> Any:
        """Return ``native`` once it is computed, for frameworks that answer before they are done."""
        return native

    def notation(self) -> Notation:
        """Return how a script writes this framework in this mode."""
        return Notation()

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return what a template may hold beside ``{problem}``: names and their texts.

        ``names``: what the operation calls its ``input``, ``filter`` and ``output``; ``bias``: ``", bias"`` or empty.
        """
        return {}

    def call_text(self, route: Route, problem: Problem, *, has_bias: bool = False) -> str | None:
        """Return the call of ``route`` as a person writes it, the last line an expression; None where there is none."""
        if not isinstance(route.script, str):
            return route.script(self, problem) if route.script else None
        bias = ", bias" if has_bias and not route.bias_after else ""
        names = {array: name for name, array in BY_NAME[route.operation].operands.items()}
        fields = self.script_fields(problem, names, bias)
        return route.script.format(problem=problem, bias=bias, **fields) or None

    def layout(self, route: Route, role: str) -> str:
        """Return the order of axes in which ``route`` takes or gives an ``activation``, a ``filter`` or a ``bias``."""
        if role == "filter":
            return route.filters or self.filters
        return route.activations or self.activations

    def answer(self, route: Route, problem: Problem, operands: tuple[Array, ...], bias: Array | None = None) -> Answer:
        """Ask one route: canonical NumPy arrays in, a canonical NumPy array out.

        An operand that the framework changed is reported, and put back for whoever is asked next. Raises Refusal with
        the framework's words where it does not offer this; any other exception is the framework's own.
        """
        dtype = dtype_of([str(array.dtype) for array in operands])
        check_domain(self.name, route, Request(problem, dtype, bias is not None))
        arrays = self.in_layout(route, problem, operands, None if route.bias_after else bias)
        contents = list(map(content, arrays))
        try:
            results, seconds = self._run(route, problem, arrays)
            values = [self.in_canonical_order(route, problem, result) for result in results]
            if route.bias_after and bias is not None:
                values = [with_bias(each, bias) for each in values]
            *earlier, value = values
        except Exception as error:
            if self._refuses(error):
                raise Refusal(first_paragraph(error)) from error
            raise
        finally:
            changed = put_back(arrays, contents)
        return Answer(value, seconds, changed, *earlier)

    def in_layout(self, route: Route, problem: Problem, operands: tuple[Array, ...], bias: Array | None) -> list[Array]:
        """Return the canonical operands in the layouts of ``route``, the bias behind them if there is one."""
        roles = layouts.operand_roles(route.operation)
        arrays = [
            layouts.from_canonical(array, self.layout(route, role), problem.groups)
            for array, role in zip(operands, roles, strict=True)
        ]
        return arrays if bias is None else [*arrays, bias]

    def in_canonical_order(self, route: Route, problem: Problem, result: Array) -> Array:
        """Return what ``route`` gave in the canonical order of axes."""
        return layouts.to_canonical(result, self.layout(route, layouts.result_role(route.operation)), problem.groups)

    def _run(self, route: Route, problem: Problem, arrays: list[Array]) -> tuple[list[Array], float]:
        """Return the result of every call, copied if another call follows, and the seconds that the last one took."""
        natives = [self.to_native(array) for array in arrays]
        function = self._wrapped(route, problem, arrays)
        calls = int(getattr(self, "mode", {}).get("calls", "1"))
        earlier = [self.to_numpy(self.wait(function(*natives))).copy() for _ in range(calls - 1)]
        started = time.perf_counter()
        native = self.wait(function(*natives))
        seconds = time.perf_counter() - started
        return [*earlier, self.to_numpy(native)], seconds

    def _wrapped(self, route: Route, problem: Problem, arrays: list[Array]) -> Callable[..., Any]:
        """Return the wrapped route; those of the last problem are kept, as it is asked again and again.

        So a method that answers two operations is compiled once for both.
        """
        if problem != self._problem:
            self._problem, self._functions = problem, {}
        built = self._built_for(route, arrays) if route.builds else ()
        key = (route.method, *built)
        if key not in self._functions:
            method = getattr(self, route.method)
            function = method(problem, *built) if route.builds else partial(method, problem)
            self._functions = {**self._functions, key: self.wrap(function)}
        return self._functions[key]

    def _built_for(self, route: Route, arrays: list[Array]) -> tuple[Any, ...]:
        """Return what a method that builds gets beside the problem: a dtype, and whether there is a bias."""
        has_bias = len(arrays) > len(layouts.operand_roles(route.operation))
        dtype = dtype_of([str(array.dtype) for array in arrays[: len(layouts.operand_roles(route.operation))]])
        return (dtype, has_bias) if route.takes_bias else (dtype,)

    def _refuses(self, error: Exception) -> bool:
        """Whether ``error`` is the framework saying that it does not offer this."""
        texts = str(error), " ".join(without_banners(str(error)).split())  # as it is, and as records have it
        matches = (re.search(pattern, text) for pattern in self.refusals for text in texts)
        return isinstance(error, NotImplementedError) or any(matches)


def _standing(declared: Route) -> tuple[bool, bool]:
    return declared.domain.seldom, BORDER in declared.offers or THEN in declared.offers


def check_domain(adapter: str, route: Route, request: Request) -> None:
    """Refuse what no run asks: the search for a smallest case, or a call by hand, may still come here."""
    if not route.domain.holds(request):
        raise Refusal(f"outside the domain of the route {route.name} of {adapter}: {route.domain.covers}")


def _installed(module: str) -> bool:
    try:
        return util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False


def first_paragraph(error: Exception) -> str:
    """Return the message of ``error`` without the stack traces and advice that frameworks put below it."""
    return without_banners(str(error)).split("\n\n")[0].strip() or type(error).__name__
