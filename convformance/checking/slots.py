"""What the parameters of a layer's constructor and methods stand for, read from their names and defaults."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from string import digits
from typing import Any

from convformance.checking.records import fields_of, record_of
from convformance.checking.signature import role_of

GEOMETRY = ("stride", "padding", "dilation", "groups")
FORWARD = ("forward", "__call__", "call", "apply", "convolve", "convolution", "conv", "conv2d", "predict", "run")
BACKWARD = ("backward", "backprop", "back_propagation", "backpropagation", "backward_pass", "bprop", "grad", "gradient")
_TRIED = 16  # readings of a constructor that are tried
_LEARNING_RATE = "lr learningrate learnrate eta alpha"
# What a constructor's parameters stand for beside the roles of functions, in lower case and without underscores.
_CONSTRUCTOR: Mapping[str, str] = {
    "in_channels": "inchannels inchannel inch incn cin nin ic channelsin inputchannels inputchannel inputdim indim "
    "inplanes infeatures inputdepth nchannels numchannels channels inputs inmaps ninput inputfeatures nic numinputs "
    "numinput numinchannels inc ci c1 c dim dmodel embeddim hiddendim numfeatures nfeatures hiddenchannels",
    "out_channels": "outchannels outchannel outch cout nout oc channelsout outputchannels outputchannel outputdim "
    "outdim outplanes planes outfeatures numfilters nfilters nfilter numfilter filters filternum filtercount "
    "numkernels nkernels kernels nbfilters nbfilter depth outputdepth noutput features outputfeatures noc outmaps "
    "numoutputs numoutput numoutchannels outc co c2 units nk nf",
    "kernel_size": "kernel kernelsize filter filtersize fsize f k ks ksize kdim windowsize window size receptivefield "
    "filterdim kerneldim kernelshape filtershape kernelwidth kernellength field",
    "w": "w weight weights kernel kernels filter filters k initialweights weightmatrix",
    "bias": "b bias biases initialbias",
    "input_shape": "inputshape inshape imageshape imgshape inputsize imagesize imgsize inputdims shape indims",
    "activation": "activation act nonlinearity activationfn activationfunction",
    "dtype": "dtype",
}
_HAS_BIAS = frozenset(["bias", "usebias", "withbias", "hasbias", "addbias", "biasterm", "b"])


@dataclass(frozen=True)
class Slot:
    """A parameter of a constructor or a method, and what it stands for; ``inside`` names the one that it is a field of.

    ``record`` is then the class of records that this one takes.
    """

    parameter: inspect.Parameter
    role: str
    inside: str = ""
    record: type | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.parameter.name

    @property
    def optional(self) -> bool:
        """Whether it has a default."""
        return self.parameter.default is not inspect.Parameter.empty


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function that have names of their own; none where they cannot be known."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [each for each in every if each.kind not in variadic]


def constructor_slots(owner: type, stated: Mapping[str, Any]) -> Iterator[tuple[Slot, ...]]:
    """Yield what the parameters of a constructor may stand for, the likeliest first; ``stated`` ones for themselves."""
    declared = (
        parameters_of(owner) or parameters_of(inspect.getattr_static(owner, "__init__"))[1:]
    )  # where a class of classes hides them
    bare = [slot for each in declared for slot in _with_fields(each, owner)]
    options = [_roles(each.parameter, stated) for each in bare]
    for roles in islice(product(*options), _TRIED):
        used = [role for role in roles if role not in ("", "stated")]
        if len(set(used)) == len(used):
            pairs = zip(bare, roles, strict=True)
            yield tuple(replace(slot, role=role) for slot, role in pairs if role)


def _with_fields(parameter: inspect.Parameter, owner: type) -> list[Slot]:
    """Return a parameter of a constructor, or the fields of the record that it takes."""
    record = record_of(parameter, owner)
    fields = fields_of(record) if record else ()
    return [Slot(field, "", parameter.name, record) for field in fields] or [Slot(parameter, "")]


def _roles(parameter: inspect.Parameter, stated: Mapping[str, Any]) -> list[str]:
    """Return what a constructor's parameter may stand for; an empty text where it stays at its default."""
    name, default = parameter.name.lower().replace("_", ""), parameter.default
    general = role_of(parameter.name)
    if parameter.name in stated and general not in GEOMETRY:
        return ["stated"]
    if name in _HAS_BIAS and (isinstance(default, bool) or parameter.annotation in (bool, "bool")):
        return ["has_bias"]
    roles = [role for role, names in _CONSTRUCTOR.items() if name in names.split()]
    if general in GEOMETRY and general not in roles:
        roles.insert(0, str(general))
    if isinstance(default, int | tuple) or parameter.annotation in (int, "int"):
        roles = [role for role in roles if role not in ("w", "bias")]
    elif default is not None and default is not inspect.Parameter.empty and not isinstance(default, str):
        roles = [role for role in roles if role not in ("in_channels", "out_channels", "w", "bias")]
    if default is None and not roles:
        return [""]
    return roles or (["supplied"] if default is inspect.Parameter.empty else [""])


def has_method(owner: type, name: str) -> bool:
    """Whether a class, and not the class of classes, has a method of that name."""
    return any(name in vars(each) for each in owner.__mro__)


def call_slots(method: Callable[..., Any], about: str) -> tuple[Slot, ...]:
    """Return what the parameters of a method stand for that is ``about`` one array: that of this role, or the first."""
    declared = parameters_of(method)
    named = next((each for each in declared if role_of(each.name) == about), None)
    first = named or next(iter(declared), None)
    slots: list[Slot] = []
    for parameter in declared:
        role = "first" if parameter is first else _role_in_call(parameter.name)
        if role and role not in [slot.role for slot in slots]:
            slots.append(Slot(parameter, role))
        elif parameter.default is inspect.Parameter.empty:
            slots.append(Slot(parameter, "supplied"))
    return tuple(slots)


def _role_in_call(name: str) -> str:
    short = name.lower().replace("_", "")
    special = {"cache": "cache", **dict.fromkeys(_LEARNING_RATE.split(), "learning_rate")}
    return special.get(short) or role_of(name) or ""


def names_weights(name: str, role: str = "w") -> bool:
    """Whether an array of that name in an object is its weights, or with ``role`` its bias."""
    parts = [part.strip(digits) for part in name.lower().split("_")]
    known = _CONSTRUCTOR[role].split()
    return any(part and (role_of(part) == role or part in known) for part in ("".join(parts), *parts))


def geometry_of(target: Any, rank: int) -> Iterator[tuple[str, Any]]:
    """Yield the geometry that an object was built with, by its attributes."""
    for name, value in vars(target).items():
        role = role_of(name.strip("_"))
        if role in GEOMETRY and (isinstance(value, int | str) or _is_numbers(value)):
            flat = role == "padding" and _is_numbers(value) and len(value) == rank
            yield str(role), tuple((side, side) for side in value) if flat else value


def _is_numbers(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(each, int) for each in value)
