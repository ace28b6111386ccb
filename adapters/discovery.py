"""Discovery: from what a user writes after ``--adapter`` to an adapter that can be asked.

    NAME | path/to/file.py | path/to/file.py:Class | package.module:Class, each with an optional [key=value,...]

A name is one of the adapters that come with the suite or an entry point in the group ``convformance.adapters``. Nothing here
imports a framework before ``create``.
"""

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from types import ModuleType
from typing import NamedTuple

from convformance.adapters.contract import Adapter, KnownDivergence, MissingFramework, Route, UsageError
from convformance.processes import loading
from convformance.processes.loading import LoadError, error_text

GROUP = "convformance.adapters"

BUILT_IN: Mapping[str, str] = {
    "scipy": "convformance.adapters.scipy:Scipy",
    "torch": "convformance.adapters.torch:Torch",
    "tensorflow": "convformance.adapters.tensorflow:Tensorflow",
    "jax": "convformance.adapters.jax:Jax",
    "onnxruntime": "convformance.adapters.onnxruntime:Onnxruntime",
}


@dataclass(frozen=True)
class Selection:
    """An adapter as the user asked for it in ``spec``: its class, its complete mode, and the name that ids and records give it."""

    adapter_class: type[Adapter]
    mode: Mapping[str, str]
    label: str
    spec: str = field(default="", compare=False)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route it declares."""
        return self.adapter_class.routes()

    def route(self, operation: str, name: str) -> Route:
        """Return the route of that name; raises UsageError where there is none."""
        for route in self.routes:
            if (route.operation, route.name) == (operation, name):
                return route
        raise UsageError(
            f"adapter {self.label} has no route {name!r} for {operation!r}; see: convformance adapters --routes"
        )

    @property
    def framework(self) -> str:
        """The distribution it drives, or its own name where it names none."""
        return self.adapter_class.distribution or self.adapter_class.name

    @property
    def version(self) -> str:
        """The framework's version, without importing it."""
        return self.adapter_class.version()

    @property
    def options(self) -> Mapping[str, tuple[str, ...]]:
        """The options that its mode is made of, with the allowed values, first the default."""
        return self.adapter_class.options

    @property
    def known_divergences(self) -> tuple[KnownDivergence, ...]:
        """What is known to diverge."""
        return self.adapter_class.known_divergences

    def create(self) -> Adapter:
        """Return the adapter, its framework imported; raises whatever that raises."""
        return self.adapter_class(**self.mode)

    def device(self) -> str:
        """Return the device in words; the framework is imported for it only where the mode names one."""
        return "cpu" if self.mode.get("device", "cpu") == "cpu" else self.create().device()


class Available(NamedTuple):
    """What is known about a named adapter without importing its framework; ``reason`` says why it cannot be asked."""

    name: str
    installed: bool
    version: str
    reason: str


def load(spec: str) -> Selection:
    """Return the adapter class and the mode that ``spec`` asks for; its framework is looked for and not imported.

    Raises UsageError with one sentence for anything that cannot be had, MissingFramework where only the framework is missing.
    """
    target, given = _parse(spec)
    found = adapter_class(target)
    mode = found.complete_mode(given)
    reason = _missing(found)
    if reason:
        raise MissingFramework(reason)
    return Selection(found, mode, _label(found, mode), spec)


def create(spec: str) -> Adapter:
    """Return the adapter that ``spec`` asks for, its framework imported; raises what ``load`` raises."""
    selection = load(spec)
    try:
        return selection.create()
    except UsageError:
        raise
    except ImportError as error:
        raise MissingFramework(
            f"adapter {selection.label}: its framework cannot be imported: {error_text(error)}"
        ) from error
    except Exception as error:
        raise UsageError(f"adapter {selection.label} cannot be made: {error_text(error)}") from error


def available() -> Iterator[Available]:
    """Yield every adapter that has a name, in order: whether it can be asked, its framework's version, and why not."""
    for name in (*BUILT_IN, *sorted(set(_entry_points()) - set(BUILT_IN))):
        try:
            found = adapter_class(name)
        except UsageError as error:
            yield Available(name, False, "", str(error))
            continue
        reason = _missing(found)
        yield Available(name, not reason, "" if reason else found.version(), reason)


def _parse(spec: str) -> tuple[str, dict[str, str]]:
    """Split ``target[key=value,...]``."""
    match = re.fullmatch(r"([^\[\]]+)(?:\[([^\[\]]*)\])?", spec)
    if not match:
        raise UsageError(
            f"adapter {spec!r} cannot be read; allowed: NAME, FILE.py:CLASS or MODULE:CLASS, then [key=value,...]"
        )
    target, options = match.groups()
    mode = {}
    for option in filter(None, (options or "").split(",")):
        key, equals, value = option.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise UsageError(f"adapter {spec!r}: the option {option!r} cannot be read; allowed: key=value")
        mode[key.strip()] = value.strip()
    return target.strip(), mode


def adapter_class(target: str) -> type[Adapter]:
    """Return the class that ``target``, a spec without its mode, names; its framework need not be installed. Raises UsageError."""
    path, colon, class_name = target.rpartition(":")
    if target.endswith(".py"):
        return _only_adapter(_module_of_file(target), target)
    if colon and path.endswith(".py"):
        return _checked(_module_of_file(path), class_name, path)
    if colon:
        return _checked(_module_of_name(path), class_name, path)
    return _named(target)


def _named(name: str) -> type[Adapter]:
    if name in BUILT_IN:
        return adapter_class(BUILT_IN[name])
    entries = _entry_points()
    if name in entries:
        return adapter_class(entries[name])
    known = sorted({*BUILT_IN, *entries})
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    raise UsageError(f"adapter {name!r} is unknown; allowed: {', '.join(known)}, FILE.py:CLASS or MODULE:CLASS{hint}")


def _entry_points() -> dict[str, str]:
    return {entry.name: f"{entry.module}:{entry.attr}" for entry in metadata.entry_points(group=GROUP)}


def _module_of_name(name: str) -> ModuleType:
    try:
        return loading.module_of_name(name)
    except LoadError as error:
        raise UsageError(f"adapter module {name} cannot be imported: {error}") from error


def _module_of_file(path: str) -> ModuleType:
    try:
        return loading.module_of_file(path)
    except FileNotFoundError as error:
        raise UsageError(f"adapter file {path} does not exist") from error
    except LoadError as error:
        raise UsageError(f"adapter file {path} cannot be imported: {error}") from error


def _checked(module: ModuleType, class_name: str, place: str) -> type[Adapter]:
    found = getattr(module, class_name, None)
    if found is None:
        names = ", ".join(held.__name__ for held in _adapters(module)) or "none"
        raise UsageError(f"{place} has no class {class_name!r}; adapters in it: {names}")
    if not (inspect.isclass(found) and issubclass(found, Adapter)):
        raise UsageError(
            f"{class_name} in {place} is no adapter; allowed: a subclass of convformance.adapters.contract.Adapter"
        )
    return _complete(found, place)


def _only_adapter(module: ModuleType, place: str) -> type[Adapter]:
    found = _adapters(module)
    if len(found) != 1:
        names = ", ".join(held.__name__ for held in found) or "none"
        raise UsageError(
            f"{place} holds {len(found)} adapters ({names}); allowed: exactly one, or name it as {place}:CLASS"
        )
    return _complete(found[0], place)


def _adapters(module: ModuleType) -> list[type[Adapter]]:
    """Return the adapters that ``module`` itself defines."""
    classes = [held for held in vars(module).values() if inspect.isclass(held) and issubclass(held, Adapter)]
    return [held for held in classes if held.__module__ == module.__name__]


def _complete(adapter_class: type[Adapter], place: str) -> type[Adapter]:
    if not isinstance(getattr(adapter_class, "name", None), str):
        raise UsageError(
            f"{adapter_class.__name__} in {place} has no name; allowed: a class attribute name = 'short-public-name'"
        )
    if not adapter_class.routes():
        raise UsageError(
            f"{adapter_class.__name__} in {place} has no route; allowed: at least one method under @route(operation)"
        )
    return adapter_class


def _missing(adapter_class: type[Adapter]) -> str:
    """Return in a sentence what the adapter needs and is not installed, or nothing."""
    modules = adapter_class.missing()
    if not modules:
        return ""
    name = adapter_class.name
    target = f"convformance[{name}]" if name in BUILT_IN else " ".join(modules)
    return f"adapter {name} needs {' and '.join(modules)}, not installed here: pip install {target}"


def _label(adapter_class: type[Adapter], mode: Mapping[str, str]) -> str:
    changed = [f"{key}={value}" for key, value in mode.items() if value != adapter_class.options[key][0]]
    return f"{adapter_class.name}[{','.join(changed)}]" if changed else adapter_class.name
