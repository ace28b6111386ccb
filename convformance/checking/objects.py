"""A class, an object or a method as the function that ``check`` asks: it builds, gives weights and calls each time."""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from convformance.checking import autodiff, planning
from convformance.checking.autodiff import Differentiated
from convformance.checking.gradients import Gradients, gradient_of
from convformance.checking.layers import Arguments
from convformance.checking.planning import Plan
from convformance.checking.signature import operands_of, role_of
from convformance.checking.slots import BACKWARD, GEOMETRY, Slot, call_slots, geometry_of, has_method, parameters_of
from convformance.checking.spec import CheckSpec
from convformance.reference.operation import BY_NAME

# The gradients of a convolution, and of a transposed one, in the order that backward passes return them.
_GRADIENTS = {
    transposed: tuple(
        f"{family}_{result}_grad" for result in ("input", "filter", "bias") if f"{family}_{result}_grad" in BY_NAME
    )
    for transposed, family in ((False, "conv"), (True, "conv_transpose"))
}


@dataclass(frozen=True)
class Method:
    """A method named by its class: asked of an object of that class, which no operand is taken for."""

    owner: type
    name: str

    @property
    def __name__(self) -> str:
        return f"{self.owner.__name__}.{self.name}"

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return getattr(self.owner, self.name)(*arguments, **named)


def as_function(spec: CheckSpec) -> CheckSpec:
    """Return what is asked of a class, an object or a method as asked of a function; a function stays as it is.

    Raises ValueError with one sentence for what cannot be built or called.
    """
    if spec.call is not None:
        return spec
    target, method = _target(spec)
    applied = _autograd_function(target)
    if target is None or applied:
        function = replace(spec, fn=applied or spec.fn)
        return autodiff.of_function(function) or function
    gradients = method in BACKWARD or all(map(gradient_of, spec.operations))
    return _backward(spec, target, method) if gradients else _forward(spec, target, method)


def of_own_backward(spec: CheckSpec) -> CheckSpec:
    """Return what is asked of the gradients of something that goes forward: all that it has.

    Raises ValueError where they cannot be asked.
    """
    target, method = _target(spec)
    applied = _autograd_function(target)
    if target is not None and not applied:
        return _backward(spec, target, method)
    function = applied or spec.fn
    roles = {role_of(each.name) for each in parameters_of(function)}
    returns = [each for each in _GRADIENTS[False] if autodiff.ROLES[gradient_of(each)] in roles]
    gradients = autodiff.of_function(replace(spec, fn=function, returns=returns))
    if gradients is None:
        raise ValueError("the parameters of the forward pass are not known by their names")
    return gradients


def _target(spec: CheckSpec) -> tuple[Any, str]:
    """Return the class or the object that is meant and its method, an empty text for any; None for a function."""
    fn = spec.fn
    if isinstance(fn, Method):
        return fn.owner, fn.name
    if isinstance(fn, type):
        return fn, ""
    if inspect.isfunction(fn):
        owner = _class_around(fn)
        return (owner, fn.__name__) if owner else (None, "")
    if _takes_operands(fn, spec.operations):
        return None, ""
    if inspect.ismethod(fn) and not isinstance(fn.__self__, type):
        return fn.__self__, fn.__name__
    ordinary = inspect.isroutine(fn) or isinstance(fn, partial) or hasattr(fn, "__wrapped__") or hasattr(fn, "py_func")
    return (None, "") if ordinary or not planning.is_layer(fn) else (fn, "")


def _autograd_function(target: Any) -> Callable[..., Any] | None:
    """Return the function that a class with a static ``forward(ctx, ...)`` is called by, or None where it is none."""
    forward = inspect.getattr_static(target, "forward", None) if isinstance(target, type) else None
    declared = parameters_of(forward.__func__) if isinstance(forward, staticmethod) else []
    if not declared or declared[0].name != "ctx" or not callable(getattr(target, "apply", None)):
        return None

    def function(*values: Any) -> Any:
        return target.apply(*values)

    positional = [each.replace(kind=inspect.Parameter.POSITIONAL_ONLY) for each in declared[1:]]
    function.__name__, function.__wrapped__ = target.__name__, target  # type: ignore[attr-defined]
    function.__signature__ = inspect.Signature(positional)  # type: ignore[attr-defined]
    return function


def _class_around(function: Callable[..., Any]) -> type | None:
    """Return the class that a method was taken from; raises ValueError where there is one that cannot be reached."""
    names, first = function.__qualname__.split("."), next(iter(parameters_of(function)), None)
    if first is None or first.name not in ("self", "ctx") or len(names) == 1:
        return None
    owner: Any = sys.modules.get(function.__module__)
    for name in names[:-1]:
        owner = getattr(owner, name, None)
    if not isinstance(owner, type):
        raise ValueError(
            f"{function.__qualname__} is a method, and self is no operand; check the class, check({names[-2]}), or an "
            "object of it"
        )
    return owner


def _takes_operands(function: Any, operations: Sequence[str]) -> bool:
    """Whether an object that can be called takes all operands with the call."""
    declared = parameters_of(function)
    roles = {role_of(parameter.name) for parameter in declared}
    required = [parameter for parameter in declared if parameter.default is inspect.Parameter.empty]
    return len(required) >= len(operands_of(operations)) or roles >= set(operands_of(operations))


def _forward(spec: CheckSpec, target: Any, method: str) -> CheckSpec:
    planned = planning.plan(target, method, spec)
    layer = planned.layer

    def forward(arguments: Arguments) -> Any:
        return layer.forward(layer.built(arguments), arguments)

    return _asked(spec, planned, ("x", "w"), forward, _name_of(target))


def _backward(spec: CheckSpec, target: Any, method: str) -> CheckSpec:
    """Return what is asked of a backward pass: the gradients that are stated, else those that it gives."""
    backward = method if method in BACKWARD else _backward_of(target)
    planned = planning.plan(target, "" if backward else method, spec)
    passed: Gradients | Differentiated
    if backward:
        passed = planning.backward(planned, backward, spec)
    elif planned.layer.kind.pull_back is not None:
        passed = Differentiated.through(planned.layer, planned.sample)
    else:
        raise ValueError(f"{_name_of(target)} has no method backward; a gradient is asked of FILE.py:CLASS.METHOD")
    name = f"{_name_of(target)}.{backward}" if backward else f"gradient of {_name_of(target)}"
    operations = spec.results
    if not any(gradient_of(operation or "") for operation in operations):
        transposed = BY_NAME[spec.operations[0]].transposed
        operations = tuple(
            operation for operation in _GRADIENTS[transposed] if gradient_of(operation) in passed.locations
        )
    lacking = [each for each in operations if each and gradient_of(each) not in passed.locations]
    if lacking:
        raise ValueError(f"{name} gives no {lacking[0]}: nothing that it returns or keeps has its shape")
    wanted = [operation for operation in operations if operation]

    def gradients(arguments: Arguments) -> Any:
        results = passed.of(arguments, wanted)
        return results if len(results) > 1 else results[0]

    asked = replace(spec, op=wanted[0], returns=wanted if len(wanted) > 1 else None)
    return _asked(asked, planned, ("dy", "x", "w"), gradients, name)


def _backward_of(target: Any) -> str:
    """Return the name of the backward pass that a layer has, an empty text where it has none."""
    for name in BACKWARD:
        if has_method(target if isinstance(target, type) else type(target), name):
            return name
    return ""


def _name_of(target: Any) -> str:
    return target.__name__ if isinstance(target, type) else type(target).__name__


def _asked(
    spec: CheckSpec, planned: Plan, operands: Sequence[str], answer: Callable[[Arguments], Any], name: str
) -> CheckSpec:
    """Return ``spec`` for the function of ``operands``, a bias if the layer has one, and the layer's geometry."""
    parameters = dict(_parameters(spec, planned, operands))
    signature = inspect.Signature(list(parameters.values()))
    roles = {parameter.name: role for role, parameter in parameters.items()}

    def function(*values: Any, **named: Any) -> Any:
        bound = signature.bind(*values, **named)
        bound.apply_defaults()
        return answer({roles[each]: value for each, value in bound.arguments.items()})

    function.__name__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    target = planned.layer.target
    function.__wrapped__ = target if isinstance(target, type) else type(target)  # type: ignore[attr-defined]
    built_in = {} if isinstance(target, type) else dict(geometry_of(target, spec.layouts.rank))
    layouts, fixed = planned.layer.layouts, {**planned.fixed, **built_in, **spec.fixed}
    own = replace(spec, layout=layouts.activations, filter_layout=layouts.filters, depthwise=layouts.depthwise)
    return replace(own, fn=function, fixed=fixed)


def _parameters(spec: CheckSpec, planned: Plan, operands: Sequence[str]) -> Iterator[tuple[str, inspect.Parameter]]:
    """Yield by role the parameters that the function has, named as the layer names them."""
    layer = planned.layer
    for operand in operands:
        own = layer.weight.name.strip("_") if operand == "w" and layer.weight else operand
        yield operand, _parameter(own if role_of(own) == operand else operand)
    method = call_slots(getattr(layer.target, layer.method), "x")
    slots = {slot.role: slot for slot in (*method, *layer.slots) if slot.role in GEOMETRY}
    geometry = [(role, _renamed(slot, role)) for role, slot in slots.items()]
    yield from ((role, each) for role, each in geometry if each.default is inspect.Parameter.empty)
    if layer.bias is not None or layer.has("bias"):
        needed = not layer.has("has_bias") and layer.needs("bias")
        yield "bias", _parameter("bias", inspect.Parameter.empty if needed else None)
    yield from ((role, each) for role, each in geometry if each.default is not inspect.Parameter.empty)
    for slot in layer.slots:
        if slot.role == "stated":
            yield slot.name, _parameter(slot.name, spec.fixed[slot.name])


def _renamed(slot: Slot, role: str) -> inspect.Parameter:
    """Return a slot's parameter under a name that says its role."""
    name = slot.name if role_of(slot.name) == role else role
    return slot.parameter.replace(name=name, kind=inspect.Parameter.KEYWORD_ONLY)


def _parameter(name: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
