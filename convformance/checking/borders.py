"""What authors say of a border: the words for it, and which values say how much is padded and which say with what."""

from collections.abc import Mapping
from typing import Any

from convformance.checking import signature
from convformance.checking.signature import Parameter, Signature
from convformance.reference.borders import BORDERS

# Words of other libraries in lower case, without underscores and hyphens, by the suite's own.
_NAMES = {
    "zero": "zero zeros constant fill zeropad borderconstant",
    "edge": "edge replicate nearest clamp borderreplicate",
    "reflect": "reflect mirror reflect101 borderreflect101",
    "symmetric": "symmetric symm gridmirror borderreflect",
    "wrap": "wrap circular periodic gridwrap borderwrap",
}
# Parameters that name a border; one called mode does where its default is a border's name.
_PARAMETERS = ("paddingmode", "padmode", "border", "bordermode", "bordertype", "boundary", "boundarymode")
_BORDERS = {name: border for border, names in _NAMES.items() for name in names.split()}


def border_of(value: Any) -> str | None:
    """Return the border that a value is a word for, or None."""
    return _BORDERS.get(value.lower().replace("_", "").replace("-", "")) if isinstance(value, str) else None


def canonical_border(value: Any) -> str:
    """Return the border that a stated value is a word for; raises ValueError for anything else."""
    border = border_of(value)
    if border is None:
        raise ValueError(f"border={value!r}; allowed: {', '.join(BORDERS)}, or a usual word for one of these")
    return border


def border_parameter(read: Signature | None) -> Parameter | None:
    """Return the first parameter that names a border, by its own name and default, or None."""
    return next(filter(_takes_a_border, read.parameters), None) if read else None


def _takes_a_border(parameter: Parameter) -> bool:
    name = parameter.name.lower().replace("_", "")
    if parameter.role is not None:
        return False
    open_default = parameter.default is None or parameter.required
    return (name in _PARAMETERS and open_default) or (name in (*_PARAMETERS, "mode") and _is_word(parameter.default))


def _is_word(value: Any) -> bool:
    return border_of(value) is not None


def separate(fixed: Mapping[str, Any], read: Signature | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the function is given, by role and by name, and what it means by role, where ``fixed`` has a border.

    A border in place of the padding is SAME with that border, unless a parameter takes the padding as numbers: those
    are asked then. Without such a parameter a border alone means SAME, too. ``read``: None for a function that is
    called as the user says.
    """
    meant = {signature.role_of(name) or name: value for name, value in fixed.items()}
    padding = read.of("padding") if read else None
    takes_a_name = padding is not None and isinstance(padding.default, str)
    if padding is not None and takes_a_name and (_is_word(padding.default) or padding.default.lower() == "causal"):
        meant.setdefault("padding", padding.default)
    padding_value = meant.get("padding")
    if _is_word(padding_value):
        meant["border"] = meant.pop("padding")
    parameter = border_parameter(read)
    word = fixed.get(parameter.name, meant.get("border", parameter.default)) if parameter else None
    if _is_word(word):
        meant["border"] = word
    if "border" in meant and (takes_a_name or (padding is None and (read or _is_word(padding_value)))):
        meant.setdefault("padding", "same")
    others = {name: value for name, value in fixed.items() if signature.role_of(name) != "padding"}
    stated = {**meant, **others, **({parameter.name: word} if parameter and _is_word(word) else {})}
    return ({**stated, "padding": padding_value} if takes_a_name and padding_value else stated), meant
