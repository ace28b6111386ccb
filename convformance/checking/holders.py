"""Arguments that hold several things, as the source reads them: a dictionary of parameters, a forward pass's cache."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from convformance.checking.names import meanings, role_of
from convformance.checking.records import fields_of, record_of
from convformance.checking.signature import EMPTY, Parameter, Signature, parameter_of
from convformance.checking.source import Source

NOTHING = "nothing"  # the role of an entry that nobody reads
_HOLDERS = ("parameters", "cache")
_DEEPEST = 3  # a dictionary in a cache in a dictionary


def holding(function: Callable[..., Any]) -> list[str]:
    """Return the parameters without a telling name that the source takes apart, and so hold several things."""
    declared = _declared(function)
    names = [name for name in declared if role_of(name) in (None, *_HOLDERS)]
    source = Source(function)
    several = [name for name in names if not meanings(name) and (source.keys(name) or source.entries(name))]
    return [*several, *(name for name, each in declared.items() if record_of(each, function))]


def _declared(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def with_holders(signature: Signature, function: Callable[..., Any], rank: int, forward: "Forward | None") -> Signature:
    """Return the signature with what its unknown parameters hold, as far as the source or the forward pass says it."""
    source = Source(function)
    declared = {each.name: record for each in _declared(function).values() if (record := record_of(each, function))}
    parameters = tuple(
        _record(each, declared[each.name], rank) if each.name in declared else _filled(each, source, rank, forward)
        for each in signature.parameters
    )
    return replace(signature, parameters=parameters)


def _record(parameter: Parameter, record: type, rank: int) -> Parameter:
    """Return a parameter that takes a record, with its fields; unknown ones stay at their defaults."""
    taken: set[Any] = set()
    entries = []
    for field in fields_of(record):
        meaning = next((each for each in meanings(field.name) if each not in taken), None)
        taken |= {meaning}
        if meaning is not None or field.default is EMPTY:
            entries.append(replace(parameter_of(field, meaning, rank), positional=False))
    return replace(parameter, role=None, holder="record", entries=tuple(entries), maker=record)


class Forward:
    """The author's own forward pass, which makes the cache of a backward pass."""

    def __init__(self, function: Callable[..., Any], signature: Signature) -> None:
        self.function, self.signature = function, signature


def _filled(parameter: Parameter, source: Source, rank: int, forward: Forward | None) -> Parameter:
    optional = not parameter.required and not isinstance(parameter.default, Mapping)
    if parameter.role not in (None, *_HOLDERS) or optional:
        return parameter
    role = parameter.role or role_of(parameter.name)
    unpacked = _contents_of(parameter.name, source, rank, parameter.default)
    if forward is not None and parameter.role != "parameters" and (role == "cache" or unpacked):
        inside = forward.signature.parameters
        return replace(parameter, role=None, entries=inside, holder="result", maker=forward.function)
    if unpacked is None:
        return replace(parameter, role=None)
    holder, entries = unpacked
    return replace(parameter, role=None, holder=holder, entries=entries)


def _contents_of(
    name: str, source: Source, rank: int, default: Any = EMPTY, depth: int = 0
) -> tuple[str, tuple[Parameter, ...]] | None:
    """Return how ``name`` holds what, or None where the source does not say it."""
    keys = source.keys(name) or (tuple(default) if isinstance(default, Mapping) else ())
    if keys:
        variables = {key: source.name_of_key(name, key) for key in keys}
        return "dict", tuple(_entries(keys, variables, source, rank, depth, default))
    entries = source.entries(name)
    if entries:
        return "tuple", tuple(_entries(entries, {}, source, rank, depth))
    attributes = source.attributes(name)
    known = [each for each in attributes if meanings(each)]
    if role_of(name) in _HOLDERS and known and len(known) == len(attributes):
        return "namespace", tuple(_entries(known, {}, source, rank, depth))
    return None


def _entries(
    names: Sequence[str],
    variables: Mapping[str, str],
    source: Source,
    rank: int,
    depth: int,
    default: Any = EMPTY,
) -> Iterator[Parameter]:
    taken = set()
    for name in names:
        variable = variables.get(name, name)
        known = [each for each in (*meanings(name), *meanings(variable)) if each not in taken]
        known = [each for each in known if each.role not in _HOLDERS]
        inner = _contents_of(variable, source, rank, depth=depth + 1) if depth < _DEEPEST else None
        if inner is not None and not (known and known[0].role in ("x", "w", "dy", "bias")):
            yield Parameter(name, None, holder=inner[0], entries=inner[1])
            continue
        meaning = known[0] if known else None
        taken |= {meaning}
        if meaning is None and name.strip("_") == "":
            yield Parameter(name, NOTHING)
        else:
            shown = default[name] if isinstance(default, Mapping) and name in default else EMPTY
            declared = inspect.Parameter(
                name if name.isidentifier() else "entry", inspect.Parameter.KEYWORD_ONLY, default=shown
            )
            yield replace(parameter_of(declared, meaning, rank), name=name)


def unknown(parameters: Sequence[Parameter]) -> Iterator[Parameter]:
    """Yield the parameters that must be given something and that nothing is known of, those that are held too."""
    for parameter in parameters:
        for leaf in parameter.leaves():
            if leaf.required and leaf.role in (None, *_HOLDERS):
                yield leaf
