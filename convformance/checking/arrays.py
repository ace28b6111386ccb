"""The libraries whose arrays a function may take: how they are handed over and read back, and which are tried first.

All that is known of a library stands in one entry of ``KINDS``; it is imported when its arrays are first wanted.
"""

import contextlib
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import util
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from convformance.judging.formats import format_of
from convformance.reference.arrays import Array

AUTO = "auto"
_DEPTH = 4  # functions that call each other, as far as their code is looked at
_BITS = np.int16  # as which bfloat16 travels between libraries that know it by different names


@dataclass(frozen=True)
class Kind:
    """Arrays of one library, on a device.

    ``roots`` are the first names of the modules that its types and functions live in, ``aliases`` how code calls them,
    ``clues`` what an exception says that wants these arrays. ``supplies`` are what constructors of its layers ask for
    by name. ``fixed_once``: its arrays cannot be changed. ``pull_back`` gives the gradients of a function by arrays, as
    ``pull_back(function, arrays, dy)``, zero where it does not depend on one; ``own_backward`` tells a backward pass
    that somebody wrote for the library.
    """

    name: str
    give: Callable[[ModuleType, Array, str | None], Any]
    take: Callable[[Any], Any]
    roots: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    clues: str = "(?!)"
    fixed_once: bool = False
    context: Callable[[ModuleType, str, str | None], contextlib.AbstractContextManager[Any]] | None = None
    remark: str = ""
    supplies: Mapping[str, Callable[[], Any]] = field(default_factory=dict, hash=False, compare=False)
    pull_back: Callable[[Callable[..., Any], Sequence[Any], Any], Sequence[Any]] | None = None
    own_backward: Callable[[Any], bool] = lambda value: False
    device: str | None = None

    @property
    def module(self) -> ModuleType:
        """The library itself; raises ValueError where it is not installed or cannot be imported."""
        try:
            return importlib.import_module(self.name)
        except ImportError as error:
            raise ValueError(
                f"arrays of {self.name} are wanted, and {self.name} cannot be imported: {error}"
            ) from error

    @property
    def says(self) -> str:
        """What a result says of it; nothing of arrays that a reader expects."""
        where = f" on {self.device}" if self.device else ""
        return f"arrays of {self.name}{where}" if self.name != NUMPY.name else ""

    def own(self, array: Array) -> Any:
        """Return a copy of ``array`` as one of the library's; a ValueError says that the device cannot be used."""
        module, copy = self.module, np.array(array, order="C")
        try:
            with self.at_work(str(array.dtype)):
                return self.give(module, copy, self.device)
        except Exception as error:
            where = f" on device {self.device!r}" if self.device else ""
            text = " ".join(str(error).split())[:200]
            raise ValueError(f"no {array.dtype} array of {self.name} can be had{where}: {text}") from error

    def at_work(self, dtype: str) -> contextlib.AbstractContextManager[Any]:
        """Return the context that calls are made in."""
        return self.context(self.module, dtype, self.device) if self.context else contextlib.nullcontext()

    def changed(self, operands: Iterable[Any], before: Iterable[bytes]) -> tuple[int, ...]:
        """Return which of the operands no longer hold what they held ``before``."""
        if self.fixed_once:
            return ()
        pairs = enumerate(zip(operands, before, strict=True))
        return tuple(index for index, (array, old) in pairs if np.asarray(self.take(array)).tobytes() != old)


def _to_torch(module: ModuleType, array: Array, device: str | None) -> Any:
    if _is_bfloat16(array.dtype):
        tensor = module.from_numpy(array.view(_BITS)).view(module.bfloat16)
    else:
        tensor = module.from_dlpack(array) if array.ndim else module.tensor(array)
    return tensor.to(device) if device else tensor


def _from_torch(tensor: Any) -> Any:
    on_host = tensor.detach().cpu()
    if str(on_host.dtype).endswith("bfloat16"):
        bits = on_host.contiguous().view(getattr(importlib.import_module("torch"), _BITS.__name__))
        return bits.numpy().view(format_of("bfloat16").dtype)
    return on_host.resolve_conj().resolve_neg().numpy()


def _to_jax(module: ModuleType, array: Array, device: str | None) -> Any:
    return importlib.import_module("jax.numpy").asarray(array)


@contextlib.contextmanager
def _jax_at_work(module: ModuleType, dtype: str, device: str | None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if dtype == "float64":
            stack.enter_context(_jax_with_float64(module))
        if device:
            platform, _, index = device.partition(":")
            stack.enter_context(module.default_device(module.devices(platform)[int(index or 0)]))
        yield


def _jax_with_float64(module: ModuleType) -> Any:
    home = module if hasattr(module, "enable_x64") else importlib.import_module("jax.experimental")  # before it moved
    return home.enable_x64(True)


def _to_tensorflow(module: ModuleType, array: Array, device: str | None) -> Any:
    with module.device(device) if device else contextlib.nullcontext():
        return module.constant(array)


def _torch_pull_back(function: Callable[..., Any], arrays: Sequence[Any], dy: Any) -> Sequence[Any]:
    leaves = [each if each.requires_grad else each.detach().requires_grad_() for each in arrays]
    result, torch = function(*leaves), importlib.import_module("torch")
    if not result.requires_grad:
        return [torch.zeros_like(each) for each in leaves]
    gradients = torch.autograd.grad(result, leaves, dy, allow_unused=True)
    pairs = zip(leaves, gradients, strict=True)
    return [torch.zeros_like(leaf) if gradient is None else gradient for leaf, gradient in pairs]


def _jax_pull_back(function: Callable[..., Any], arrays: Sequence[Any], dy: Any) -> Sequence[Any]:
    return tuple(importlib.import_module("jax").vjp(function, *arrays)[1](dy))


def _tensorflow_pull_back(function: Callable[..., Any], arrays: Sequence[Any], dy: Any) -> Sequence[Any]:
    module = importlib.import_module("tensorflow")
    with module.GradientTape() as tape:
        tape.watch(arrays)
        result = function(*arrays)
    zero = module.UnconnectedGradients.ZERO
    return tuple(tape.gradient(result, list(arrays), output_gradients=dy, unconnected_gradients=zero))


def _is_autograd_function(value: Any) -> bool:
    """Whether a class has a backward pass of its own for PyTorch's automatic differentiation."""
    return isinstance(value, type) and "FunctionCtx" in {each.__name__ for each in value.__mro__}


def _to_cupy(module: ModuleType, array: Array, device: str | None) -> Any:
    with _cupy_at_work(module, "", device):
        return module.asarray(array)


def _cupy_at_work(module: ModuleType, dtype: str, device: str | None) -> Any:
    index = (device or "").rpartition(":")[2]
    return module.cuda.Device(int(index)) if index.isdigit() else contextlib.nullcontext()


def _is_bfloat16(dtype: Any) -> bool:
    return bool(dtype == format_of("bfloat16").dtype)


# What is said where an array of NumPy is used as one that has other methods, or whose size is one.
_METHODS = (
    "squeeze|unsqueeze|fold|unfold|size|permute|expand|view_as|contiguous|new_zeros|new_empty|device|matmul|mm|bmm"
    "|narrow|detach|requires_grad|float|double|flip"
)
_WANTS_TENSORS = (
    rf"Tensor, not |torch|'int' object is not callable|'numpy.ndarray' object has no attribute '({_METHODS})'"
)

NUMPY = Kind("numpy", lambda module, array, device: array, lambda value: value, ("numpy",), ("np", "numpy"))
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        NUMPY,
        Kind(
            "torch",
            _to_torch,
            _from_torch,
            ("torch",),
            ("torch",),
            _WANTS_TENSORS,
            pull_back=_torch_pull_back,
            own_backward=_is_autograd_function,
        ),
        Kind(
            "jax",
            _to_jax,
            np.asarray,
            ("jax", "jaxlib", "flax", "equinox", "haiku"),
            ("jax", "jnp"),
            r"\bjax\b|'numpy.ndarray' object has no attribute 'at'",
            fixed_once=True,
            context=_jax_at_work,
            pull_back=_jax_pull_back,
            own_backward=lambda value: type(value).__name__ == "custom_vjp",
            remark="JAX computes in float64 while it is asked (jax_enable_x64); without that it rounds to float32",
            supplies={
                "key": lambda: importlib.import_module("jax.random").PRNGKey(0),
                "rngs": lambda: importlib.import_module("flax.nnx").Rngs(0),
            },
        ),
        Kind(
            "tensorflow",
            _to_tensorflow,
            lambda value: value.numpy(),
            ("tensorflow",),
            ("tf", "tensorflow"),
            r"[Tt]ensorflow|EagerTensor",
            fixed_once=True,
            pull_back=_tensorflow_pull_back,
            context=lambda module, dtype, device: module.device(device) if device else contextlib.nullcontext(),
        ),
        Kind(
            "cupy",
            _to_cupy,
            lambda value: value.get(),
            ("cupy", "cupyx"),
            ("cp", "cupy"),
            "cupy",
            context=_cupy_at_work,
        ),
    )
}


def kind_of(name: str, device: str | None) -> Kind:
    """Return the kind of that name on ``device``; raises ValueError where there is none."""
    if name not in KINDS:
        raise ValueError(f"arrays={name!r}; allowed: {', '.join((AUTO, *KINDS))}")
    return replace(KINDS[name], device=device)


def candidates(function: Any, name: str, device: str | None) -> tuple[Kind, ...]:
    """Return the kinds of arrays that ``function`` may take, in the order to try them.

    What its annotations say comes first, then the libraries that its own code uses, then NumPy, then those that its
    file knows.
    """
    if name != AUTO:
        return (kind_of(name, device),)
    sources = list(_sources(function))
    annotated = [kind for source in sources for kind in _annotated(source)]
    used = [kind for source in sources for kind in _used(source, _DEPTH) if kind is not NUMPY]
    known = [kind for source in sources for value in _globals(source).values() for kind in _of_value(value)]
    return tuple(_on(device, [*annotated, *used, NUMPY, *known]))


def kind_of_value(value: Any) -> Kind:
    """Return the kind that an array is of, NumPy's for any that is not known."""
    return next(_of_value(type(value)), NUMPY)


def has_own_backward(function: Any) -> bool:
    """Whether a callable computes with something that has a backward pass that its author wrote for the library."""
    owner = function if inspect.isroutine(function) or isinstance(function, type | partial) else type(function)
    reached = [function] + [value for source in _sources(owner) for value in (source, *_reached(source, _DEPTH))]
    return any(kind.own_backward(value) for value in reached for kind in KINDS.values())


def wanted_by(message: str, device: str | None) -> tuple[Kind, ...]:
    """Return the kinds of arrays that an exception asks for, as far as they are installed."""
    named = [kind for kind in KINDS.values() if re.search(kind.clues, message)]
    return tuple(_on(device, [kind for kind in named if util.find_spec(kind.name)]))


def _on(device: str | None, kinds: Iterable[Kind]) -> Iterator[Kind]:
    """Yield each kind once, on ``device`` if one is named, which NumPy has not."""
    for name in dict.fromkeys(kind.name for kind in kinds):
        if not (device and name == NUMPY.name):
            yield kind_of(name, device)


def on_host(value: Any) -> Any:
    """Return an array of any library, or a list of them, as something that NumPy reads."""
    if isinstance(value, list | tuple):
        return list(map(on_host, value)) if hasattr(innermost(value), "dtype") else value
    known = next(_of_value(type(value)), None)
    if known is not None and known is not NUMPY and hasattr(value, "dtype"):
        return known.take(value)
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    return value


def innermost(value: Any) -> Any:
    """Return the first element of nested lists that is no list itself."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def root_of(value: Any) -> str:
    """Return the first name of the module that something is, or was defined in."""
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return str(module or getattr(type(value), "__module__", "")).partition(".")[0]


def _of_value(value: Any) -> Iterator[Kind]:
    root = root_of(value)
    yield from (kind for kind in KINDS.values() if root in kind.roots)


def _sources(function: Any) -> Iterator[Any]:
    """Yield the functions and classes that a callable is made of."""
    inner = function.func if isinstance(function, partial) else inspect.unwrap(function)
    if inner is not function:
        yield function
    inner = getattr(inner, "py_func", inner)  # as a compiler of numeric loops calls what it compiles
    if isinstance(inner, type):
        yield inner
        yield from (each for each in vars(inner).values() if isinstance(each, FunctionType))
        yield from inner.__mro__[1:-1]
    elif inspect.ismethod(inner):
        yield inner.__func__
        yield from _sources(type(inner.__self__))
    else:
        yield inner
        yield from [] if isinstance(inner, FunctionType) else type(inner).__mro__[:-1]


def _annotated(source: Any) -> Iterator[Kind]:
    if isinstance(source, FunctionType):
        for annotation in inspect.get_annotations(source).values():
            yield from _in_annotation(annotation, source.__globals__)


def _in_annotation(annotation: Any, names: Mapping[str, Any]) -> Iterator[Kind]:
    """Yield the libraries that an annotation names, as a type, as text, or inside another one."""
    if isinstance(annotation, str):
        for dotted in re.findall(r"[A-Za-z_][\w.]*", annotation):
            first = dotted.partition(".")[0]
            aliased = (kind for kind in KINDS.values() if first in kind.aliases)
            yield from _of_value(names[first]) if first in names else aliased
        return
    yield from _of_value(annotation)
    for inner in (*getattr(annotation, "__args__", ()), getattr(annotation, "array_type", None)):
        if inner is not None and inner is not annotation:
            yield from _in_annotation(inner, names)


def _used(source: Any, depth: int) -> Iterator[Kind]:
    """Yield the libraries that the code of a function uses, itself or through functions of its own file."""
    yield from _of_value(source if isinstance(source, type) else type(source))
    for value in _reached(source, depth):
        yield from _of_value(value)
    for code in _codes(source.__code__) if isinstance(source, FunctionType) else ():
        yield from (KINDS[name] for name in code.co_names if name in KINDS and name not in source.__globals__)


def _reached(source: Any, depth: int) -> Iterator[Any]:
    """Yield what the code of a function names, itself or through functions of its own file."""
    if not isinstance(source, FunctionType) or depth == 0:
        return
    cells = [cell.cell_contents for cell in source.__closure__ or () if _is_filled(cell)]
    names = dict.fromkeys(name for code in _codes(source.__code__) for name in code.co_names)
    for value in (*cells, *(source.__globals__.get(name) for name in names)):
        yield value
        if isinstance(value, FunctionType) and value is not source and value.__module__ == source.__module__:
            yield from _reached(value, depth - 1)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _globals(source: Any) -> Mapping[str, Any]:
    return dict(source.__globals__) if isinstance(source, FunctionType) else {}
