"""Discovery: from what a user writes after ``--adapter`` to an adapter that can be asked.

    NAME | path/to/file.py | path/to/file.py:Class | package.module:Class, each with an optional [key=value,...]
    exec:COMMAND, a program in any language; answers:DIR, answers in files

A name is one of the adapters that come with the suite or an entry point in the group ``convformance.adapters``. Nothing
here imports a framework before ``create``.
"""

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import metadata
from types import ModuleType
from typing import NamedTuple

from convformance.adapters import caching, program, raw, recorded
from convformance.adapters.contract import (
    COMMON_OPTIONS,
    Adapter,
    KnownDivergence,
    MissingFramework,
    Route,
    UsageError,
)
from convformance.processes import loading
from convformance.processes.loading import LoadError, error_text
from convformance.processes.machine import Machine, this_machine

GROUP = "convformance.adapters"

# What is asked where nobody names an adapter: one environment holds them all.
DEFAULT = ("scipy", "torch", "tensorflow", "jax", "onnxruntime")
BUILT_IN: Mapping[str, str] = {
    "scipy": "convformance.adapters.scipy:Scipy",
    "torch": "convformance.adapters.torch:Torch",
    "tensorflow": "convformance.adapters.tensorflow:Tensorflow",
    "jax": "convformance.adapters.jax:Jax",
    "onnxruntime": "convformance.adapters.onnxruntime:Onnxruntime",
    "autograd": "convformance.adapters.autograd:Autograd",
    "equinox": "convformance.adapters.equinox:Equinox",
    "executorch": "convformance.adapters.executorch:Executorch",
    "flax": "convformance.adapters.flax:Flax",
    "iree": "convformance.adapters.iree:Iree",
    "keras": "convformance.adapters.keras:Keras",
    "litert": "convformance.adapters.litert:Litert",
    "mlx": "convformance.adapters.mlx:Mlx",
    "mnn": "convformance.adapters.mnn:Mnn",
    "ncnn": "convformance.adapters.ncnn:Ncnn",
    "onnx_reference": "convformance.adapters.onnx_reference:OnnxReference",
    "opencv": "convformance.adapters.opencv:Opencv",
    "openvino": "convformance.adapters.openvino:Openvino",
    "paddle": "convformance.adapters.paddle:Paddle",
    "tinygrad": "convformance.adapters.tinygrad:Tinygrad",
    "tract": "convformance.adapters.tract:Tract",
    "tvm": "convformance.adapters.tvm:Tvm",
}
_BY_PREFIX = {program.PREFIX: program.adapter_of, recorded.PREFIX: recorded.adapter_of}


@dataclass(frozen=True)
class Selection:
    """An adapter as the user asked for it in ``spec``: its class, its complete mode, its name in ids and records."""

    adapter_class: type[Adapter]
    mode: Mapping[str, str]
    label: str
    spec: str = field(default="", compare=False)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every route it declares, each asked in the layouts in memory that reach the framework in this mode."""
        memory = self.adapter_class.memory_domain(self.mode)
        return tuple(replace(route, domain=route.domain & memory) for route in self.adapter_class.routes())

    @property
    def raw_routes(self) -> tuple[Route, ...]:
        """Every route for raw arguments; none in another mode than the default, for which no such call is written."""
        defaults = self.adapter_class.complete_mode({})
        return raw.raw_routes(self.adapter_class) if dict(self.mode) == defaults else ()

    def route(self, operation: str, name: str) -> Route:
        """Return the route of that name; raises UsageError where there is none."""
        for route in (*self.routes, *self.raw_routes):
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
        return {**self.adapter_class.options, **COMMON_OPTIONS}

    @property
    def known_divergences(self) -> tuple[KnownDivergence, ...]:
        """What is known to diverge."""
        return self.adapter_class.known_divergences

    @property
    def looked_at(self) -> str:
        """The newest version of the framework whose known divergences somebody looked at."""
        return self.adapter_class.looked_at

    @property
    def kinds_seen(self) -> tuple[str, ...]:
        """The kinds of machines that its known divergences come from."""
        return self.adapter_class.kinds_seen

    def create(self) -> Adapter:
        """Return the adapter, its framework imported; raises whatever that raises."""
        caching.switch_on(self.adapter_class)
        adapter = self.adapter_class(**self.mode)
        adapter.spec = self.spec
        return adapter

    def device(self) -> str:
        """Return the device in words; the framework is imported for it only where the mode names one."""
        is_cpu = self.mode.get("device", "cpu") == "cpu"
        return self.adapter_class.own_device or ("cpu" if is_cpu else self.create().device())

    @property
    def machine(self) -> Machine:
        """The machine that it computes on; the framework is imported for it as for ``device``."""
        is_cpu = self.mode.get("device", "cpu") == "cpu"
        return this_machine() if is_cpu else replace(this_machine(), device=self._device_facts)

    @cached_property
    def _device_facts(self) -> Mapping[str, str]:
        return self.create().device_facts()


class Available(NamedTuple):
    """What is known about a named adapter without importing its framework; ``reason`` says why it cannot be asked."""

    name: str
    installed: bool
    version: str
    reason: str


def load(spec: str) -> Selection:
    """Return the adapter class and the mode that ``spec`` asks for; its framework is looked for and not imported.

    Raises UsageError with one sentence for anything that cannot be had, MissingFramework where only the framework is
    missing.
    """
    selection = selection_of(spec)
    reason = _missing(selection.adapter_class)
    if reason:
        raise MissingFramework(reason)
    return selection


def selection_of(spec: str) -> Selection:
    """Return what ``spec`` asks for, whether its framework is installed or not. Raises UsageError."""
    target, options = _parse(spec)
    cls = adapter_class(target)
    mode = cls.complete_mode(options)
    return Selection(cls, mode, _label(cls, mode), spec)


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
            cls = adapter_class(name)
        except UsageError as error:
            yield Available(name, False, "", str(error))
            continue
        reason = _missing(cls)
        yield Available(name, not reason, "" if reason else cls.version(), reason)


def _parse(spec: str) -> tuple[str, dict[str, str]]:
    """Split ``target[key=value,...]``; a command is no target with options, whatever brackets are in it."""
    if spec.startswith(tuple(_BY_PREFIX)):
        return spec, {}
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
    """Return the class that ``target``, a spec without its mode, names; its framework need not be installed.

    Raises UsageError.
    """
    for prefix, adapter_of in _BY_PREFIX.items():
        if target.startswith(prefix):
            return adapter_of(target)
    path, colon, class_name = target.rpartition(":")
    if target.endswith(".py"):
        return _only_adapter(_module_of_file(target), target)
    if colon and path.endswith(".py"):
        return _class_in(_module_of_file(path), class_name, path)
    if colon:
        return _class_in(_module_of_name(path), class_name, path)
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


def _class_in(module: ModuleType, class_name: str, source: str) -> type[Adapter]:
    cls = getattr(module, class_name, None)
    if cls is None:
        raise UsageError(f"{source} has no class {class_name!r}; adapters in it: {_names(_adapters(module))}")
    if not _is_adapter(cls):
        raise UsageError(
            f"{class_name} in {source} is no adapter; allowed: a subclass of convformance.adapters.contract.Adapter"
        )
    return _complete(cls, source)


def _only_adapter(module: ModuleType, source: str) -> type[Adapter]:
    classes = _adapters(module)
    if len(classes) != 1:
        raise UsageError(
            f"{source} holds {len(classes)} adapters ({_names(classes)}); "
            f"allowed: exactly one, or name it as {source}:CLASS"
        )
    return _complete(classes[0], source)


def _adapters(module: ModuleType) -> list[type[Adapter]]:
    """Return the adapters that ``module`` itself defines."""
    return [cls for cls in vars(module).values() if _is_adapter(cls) and cls.__module__ == module.__name__]


def _is_adapter(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Adapter)


def _names(classes: list[type[Adapter]]) -> str:
    return ", ".join(cls.__name__ for cls in classes) or "none"


def _complete(cls: type[Adapter], source: str) -> type[Adapter]:
    if not isinstance(getattr(cls, "name", None), str):
        raise UsageError(
            f"{cls.__name__} in {source} has no name; allowed: a class attribute name = 'short-public-name'"
        )
    if not cls.routes():
        raise UsageError(
            f"{cls.__name__} in {source} has no route; allowed: at least one method under @route(operation)"
        )
    return cls


def _missing(cls: type[Adapter]) -> str:
    """Return in a sentence what the adapter needs and is not installed, or nothing."""
    modules = cls.missing()
    if not modules:
        return ""
    name = cls.name
    target = f"convformance[{name}]" if name in BUILT_IN else " ".join(modules)
    return f"adapter {name} needs {' and '.join(modules)}, not installed here: pip install {target}"


def _label(cls: type[Adapter], mode: Mapping[str, str]) -> str:
    changed = cls.off_default(mode)
    return f"{cls.name}[{','.join(changed)}]" if changed else cls.name
