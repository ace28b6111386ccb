"""How a function wants to be called, read from the names and the defaults of its parameters."""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from convformance.checking import forms
from convformance.checking.names import COUNTS, OUTPUTS, SIZES, Meaning, meanings, role_of
from convformance.checking.source import Source
from convformance.reference.operation import BY_NAME, OPERAND_NAMES

__all__ = ["GEOMETRY", "OPERANDS", "SIZES", "Parameter", "Signature", "operands_of", "read", "role_of"]

OPERANDS = ("x", "w", "dy", "bias")
# Arrays that a function may be handed: operands, and the result of the forward pass.
ARRAYS = (*OPERANDS, "y")
GEOMETRY = ("stride", "padding", "dilation", "groups", "output_padding", *SIZES)
EMPTY = inspect.Parameter.empty
FORWARD_RESULTS = ("y", "z", "output", "outputs", "yout")  # in lower case; in a backward pass no place to write into

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_PER_AXIS = ("stride", "padding", "dilation", "output_padding")
_IMAGES_OF_FORMULAS = ("f", "g")  # in f * k and in f * g


@dataclass(frozen=True)
class Parameter:
    """One parameter: what it stands for or None, of which axis and side, its default or EMPTY, the forms it takes.

    ``untried``: nothing but a trial shows the forms. ``positional``: only position names it. ``entries`` are what an
    argument holds that is several things in one; ``holder`` says how: ``dict``, ``namespace``, ``tuple``, ``record``,
    which ``maker`` makes of the entries, or ``result``, what it returns beside its first result.
    """

    name: str
    role: str | None
    default: Any = EMPTY
    forms: tuple[str, ...] = forms.OPEN
    positional: bool = True
    axis: str = ""
    side: str = ""
    untried: bool = False
    entries: tuple["Parameter", ...] = ()
    holder: str = ""
    maker: Callable[..., Any] | None = None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is EMPTY

    @cached_property
    def meaning(self) -> Meaning:
        """Its role, axis and side."""
        return Meaning(self.role or "", self.axis, self.side)

    def leaves(self) -> Iterator["Parameter"]:
        """Yield the parameter, or what it holds."""
        if not self.entries:
            yield self
        for entry in self.entries:
            yield from entry.leaves()

    def with_forms(self, by_meaning: Mapping[Meaning, tuple[str, ...]]) -> "Parameter":
        """Return it with its forms, and those of what it holds, replaced where ``by_meaning`` says so."""
        entries = tuple(entry.with_forms(by_meaning) for entry in self.entries)
        return replace(self, forms=by_meaning.get(self.meaning, self.forms), entries=entries)


@dataclass(frozen=True)
class Signature:
    """The parameters of a function, each role at most once, in the function's order."""

    name: str
    parameters: tuple[Parameter, ...]

    @cached_property
    def leaves(self) -> tuple[Parameter, ...]:
        """The parameters, and in place of those that hold several things what they hold."""
        return tuple(leaf for parameter in self.parameters for leaf in parameter.leaves())

    def of(self, role: str) -> Parameter | None:
        """Return the parameter of a role on all axes, or None."""
        return self._on_all_axes.get(role)

    @cached_property
    def _on_all_axes(self) -> dict[str, Parameter]:
        """The parameters of a role on all axes, by that."""
        return {leaf.role: leaf for leaf in reversed(self.leaves) if leaf.role and leaf.meaning == Meaning(leaf.role)}

    def parts(self, role: str) -> tuple[Parameter, ...]:
        """Return the parameters of a role that are of one axis or side each."""
        return tuple(leaf for leaf in self.leaves if leaf.role == role and leaf.meaning != Meaning(role))

    def has(self, *roles: str) -> bool:
        """Whether there is a parameter of one of these roles."""
        return any(leaf.role in roles for leaf in self.leaves)

    def with_forms(self, by_meaning: Mapping[Meaning, tuple[str, ...]]) -> "Signature":
        """Return the signature with the forms of some parameters replaced."""
        return replace(self, parameters=tuple(each.with_forms(by_meaning) for each in self.parameters))


def name_of(function: Callable[..., Any]) -> str:
    """Return the function's own name, or that of its class."""
    return str(getattr(function, "__name__", type(function).__name__))


def operands_of(operations: Iterable[str]) -> tuple[str, ...]:
    """Return the operands of all ``operations``, those of the first one first."""
    return tuple(dict.fromkeys(role for operation in operations for role in OPERAND_NAMES[operation]))


def output_of(operation: str) -> str:
    """Return the array that an operation's result is written to where a function writes it: ``out_w`` for a ``dw``."""
    if not BY_NAME[operation].is_gradient:
        return "out"
    return {"input": "out_x", "filter": "out_w"}.get(operation.removesuffix("_grad").rpartition("_")[2], "out_bias")


def read(
    function: Callable[..., Any], operations: Sequence[str], rank: int, several: Collection[str] = ()
) -> Signature:
    """Return how to call ``function``: by known names, the rest by position in the order of its operations.

    ``several`` are parameters that hold several things, and so no operand by position. A required parameter whose role
    is None could not be guessed.
    """
    name, needed = name_of(function), operands_of(operations)
    declared = _declared(function)
    if declared is None:
        return Signature(name, tuple(Parameter(role, role) for role in needed))
    parameters = _by_names(declared, operations, rank)
    parameters = _first_is_the_image(parameters, needed)
    parameters = _with_operands(parameters, needed, several)
    return Signature(name, tuple(_with_outputs(each, operations) for each in parameters))


def _declared(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return the parameters that have names, or None where all is by position."""
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return None
    named = [parameter for parameter in every if parameter.kind not in _VARIADIC]
    by_position = not named and any(parameter.kind == inspect.Parameter.VAR_POSITIONAL for parameter in every)
    by_keyword = next((each.name for each in every if each.kind == inspect.Parameter.VAR_KEYWORD), "")
    return None if by_position else [*named, *_read_of_keywords(function, by_keyword, {each.name for each in named})]


def _read_of_keywords(function: Callable[..., Any], name: str, known: Collection[str]) -> Iterator[inspect.Parameter]:
    """Yield as parameters the keywords that ``**name`` is read for, as far as their names say something."""
    source = Source(function)
    for key in source.keys(name) if name else ():
        if key.isidentifier() and key not in known and meanings(key):
            default = source.default_of_key(name, key)
            yield inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default)


def _by_names(declared: Sequence[inspect.Parameter], operations: Sequence[str], rank: int) -> list[Parameter]:
    """Return the parameters with what their names say, no meaning twice.

    Parameters without a default choose first, then those with long names: ``W`` beside ``kernel`` is a width.
    """
    taken: set[Meaning] = set()
    chosen: dict[str, Parameter] = {}
    for each in sorted(declared, key=lambda parameter: (parameter.default is not EMPTY, len(parameter.name) == 1)):
        free = (meaning for meaning in meanings(each.name) if meaning not in taken)
        meaning = next((meaning for meaning in free if _makes_sense(meaning, each, operations)), None)
        chosen[each.name] = parameter_of(each, meaning, rank)
        taken |= {meaning} if meaning else set()
    return [chosen[each.name] for each in declared]


def _makes_sense(meaning: Meaning, declared: inspect.Parameter, operations: Sequence[str]) -> bool:
    role, default = meaning.role, declared.default
    if role in OUTPUTS:
        return default is EMPTY and role in map(output_of, operations)
    if role in ("x", "w", "dy"):
        return default is EMPTY or default is None
    letter = len(declared.name) == 1 and (role in COUNTS or role.endswith("_size"))
    return not letter or default is EMPTY


def parameter_of(declared: inspect.Parameter, meaning: Meaning | None, rank: int) -> Parameter:
    """Return the parameter with its meaning and the forms that its default or its annotation shows."""
    default = declared.default
    positional = declared.kind == inspect.Parameter.POSITIONAL_ONLY
    if meaning is None and declared.name == "mode" and forms.forms_of(default, rank) == (forms.SYMBOL,):
        meaning = Meaning("padding")  # as the signal-processing libraries call it; elsewhere a mode may be anything
    if meaning is None:
        return Parameter(declared.name, None, default, positional=positional)
    shown = () if default is EMPTY or default is None else (forms.forms_of(default, rank),)
    if not shown and declared.annotation in (int, "int"):
        shown = ((forms.NUMBER,),)
    taken = shown[0] if shown else _usual_forms(meaning.role, rank)
    if taken == (forms.PAIRS,) and meaning.role != "padding":
        taken = ()  # nothing else has two sides
    untried = not shown and meaning.role in (*_PER_AXIS, "bias", *(size for size in SIZES if size.endswith("size")))
    return Parameter(
        declared.name,
        meaning.role,
        default,
        taken,
        positional,
        meaning.axis,
        meaning.side,
        untried and not meaning.axis,
    )


def _usual_forms(role: str, rank: int) -> tuple[str, ...]:
    if role == "bias":
        return (forms.VECTOR,)
    if role.endswith("_size"):
        return forms.OPEN if rank == 1 else (forms.TUPLE, forms.NUMBER)
    return forms.OPEN


def _first_is_the_image(parameters: list[Parameter], needed: Sequence[str]) -> list[Parameter]:
    """Return the parameters; where two have names of the filter and none of the image, the first is the image."""
    if "x" not in needed or "w" not in needed or any(each.role == "x" for each in parameters):
        return parameters
    filters = [each for each in parameters if each.required and Meaning("w") in meanings(each.name)]
    unnamed = [each for each in parameters if each.required and each.role is None and each not in filters]
    if len(filters) == 1 and filters[0].name.lower() in _IMAGES_OF_FORMULAS:
        filters += [each for each in unnamed if parameters.index(each) > parameters.index(filters[0])]
    if len(filters) < 2:
        return parameters
    roles = {filters[0].name: "x", filters[1].name: "w"}
    return [_as_array(each, roles[each.name]) if each.name in roles else each for each in parameters]


def _as_array(parameter: Parameter, role: str) -> Parameter:
    return Parameter(parameter.name, role, parameter.default, positional=parameter.positional)


def _with_operands(parameters: list[Parameter], needed: Sequence[str], several: Collection[str]) -> list[Parameter]:
    """Return the parameters with operands that no name tells filled in by position.

    What may be one by a second meaning of its name is taken first, then names that say nothing, then those of operands
    that are not needed: the ``x`` of a gradient may well be what comes from above.
    """
    for role in needed:
        if all(each.role != role for each in parameters):
            second = [each for each in parameters if each.required and Meaning(role) in meanings(each.name)]
            free = [each for each in second if each.role not in needed]
            parameters = [_as_array(each, role) if each in free[:1] else each for each in parameters]
    missing = [role for role in needed if all(each.role != role for each in parameters)]
    required = [each for each in parameters if each.required and each.name not in several]
    spare = [each for each in required if each.role is None]
    spare += [each for each in required if each.role in OPERANDS and each.role not in needed]
    # The letter of a size may be any array, as the h of an impulse response.
    spare += [each for each in required if each.role not in (None, *OPERANDS) and len(each.name) == 1]
    chosen = sorted(spare[: len(missing)], key=parameters.index)
    roles = {parameter.name: role for parameter, role in zip(chosen, missing, strict=False)}
    return [_as_array(each, roles[each.name]) if each.name in roles else each for each in parameters]


def _with_outputs(parameter: Parameter, operations: Sequence[str]) -> Parameter:
    """Return a parameter that nothing else could be as the place of the only result, or the forward pass's result."""
    if parameter.role is not None or not parameter.required or Meaning("out") not in meanings(parameter.name):
        return parameter
    if parameter.name.lower() in FORWARD_RESULTS:
        return replace(parameter, role="y")
    return replace(parameter, role=output_of(operations[0])) if len(operations) == 1 else parameter
