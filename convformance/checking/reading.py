"""What a function computes and how its arrays lie, where the user says neither: by its name and its source."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import contains
from typing import Any

from convformance.checking import usual_layouts
from convformance.checking.holders import holding
from convformance.checking.names import meanings, role_of
from convformance.checking.signature import name_of, operands_of, output_of, read
from convformance.checking.source import Source
from convformance.checking.spec import CheckSpec
from convformance.checking.usual_layouts import filters_beside

FROM_SOURCE = "read from the source"
# Not Winograd, nor degrade or upgrade.
_BACKWARD = re.compile(r"back(ward|prop|_?pass)|bwd|(?<!wino)(?<!de)(?<!up)grad", re.IGNORECASE)
_FROM_ABOVE = re.compile(r"d_?(out|y|z|l_?d)|grad_?(out|y|z)|(out|upstream)_?grad", re.IGNORECASE)
_TRANSPOSED = re.compile(r"conv.*transpose|transposed?_?conv|deconv|upconv|tconv|fractional", re.IGNORECASE)
_TARGETS = (
    ("input", r"input|data|image|_x\b|_dx"),
    ("filter", r"filter|weight|kernel|_w\b|_dw"),
    ("bias", r"bias|_db"),
)


@dataclass(frozen=True)
class Reading:
    """A complete specification, with what was read rather than said: ``operation`` and ``layout``, in words.

    ``square`` is the name that the source has for all sides of a kernel, empty where it has one for each.
    """

    spec: CheckSpec
    operation: str = ""
    layout: str = ""
    square: str = ""


def readings(spec: CheckSpec) -> Iterator[Reading]:
    """Yield what the function may be, the likeliest first: what it computes, then how its arrays lie."""
    for computed in _computed(spec):
        source = Source(computed.spec.fn)
        square = _name_of_all_sides(computed.spec, source)
        for each in _with_forward(replace(computed, square=square), source):
            yield from _with_layouts(each, source)


def _computed(spec: CheckSpec) -> Iterator[Reading]:
    """Yield the readings of what it computes; what the user says is the only one."""
    if spec.op is not None or spec.returns or (spec.call is not None and "dy" not in _parameters(spec.call)):
        yield Reading(spec)
        return
    name = name_of(spec.fn)
    family = "conv_transpose" if _TRANSPOSED.search(name) else "conv"
    if not _is_backward(spec):
        because = f"taken for {family} by its name (--op says another)" if family != "conv" else ""
        yield Reading(replace(spec, op=family), because)
        return
    for results, because in _gradients(name, family, Source(spec.fn).returned()):
        operations = [result for result in results if result]
        stated = replace(spec, op=results[0]) if len(results) == 1 else replace(spec, returns=results)
        yield Reading(stated, f"taken for {', '.join(operations)} by {because} (--returns says others)")


def _is_backward(spec: CheckSpec) -> bool:
    """Whether the function's name, a parameter for what comes from above, or a forward pass beside it says so."""
    parameters = _parameters(spec.fn)
    from_above = any(_FROM_ABOVE.match(each) for each in parameters)
    is_named = bool(_BACKWARD.search(name_of(spec.fn))) and not _takes_no_gradient(parameters)
    return is_named or from_above or spec.forward is not None


def _takes_no_gradient(parameters: Sequence[str]) -> bool:
    """Whether there are an image and a filter, and nothing that may come from above."""
    roles = {role_of(each) for each in parameters}
    return {"x", "w"} <= roles and not {"dy", "cache", None} & roles


def _gradients(name: str, family: str, returned: Sequence[str]) -> Iterator[tuple[tuple[str | None, ...], str]]:
    """Yield the operations of the results of a backward pass, and how they are known."""
    in_order = [f"{family}_input_grad", f"{family}_filter_grad"] + (["conv_bias_grad"] if family == "conv" else [])
    targets = [f"{family}_{target}_grad" for target, pattern in _TARGETS if re.search(pattern, name.lower())]
    if len(returned) <= 1 and len(targets) == 1 and targets[0] in in_order:
        yield (targets[0],), "its name"
        return
    known = [_operation_of(result, in_order) for result in returned]
    if any(known) and len(set(filter(None, known))) == len(list(filter(None, known))):
        yield tuple(_completed(known, in_order)), "the names that it returns"
        return
    counts = (len(returned),) if len(returned) in (2, 3) else (3, 2, 1)
    for count in counts:
        if count <= len(in_order):
            yield tuple(in_order[:count]), "its name"


def _operation_of(result: str, in_order: Sequence[str]) -> str | None:
    roles = [meaning.role for meaning in meanings(result)]
    return next((each for each in in_order if output_of(each) in roles), None)


def _completed(known: Sequence[str | None], in_order: Sequence[str]) -> Iterator[str | None]:
    """Yield the operations, those without a name filled in where only one is left for its place."""
    for index, operation in enumerate(known):
        usual = in_order[index] if index < len(in_order) else None
        yield operation or (usual if usual not in known else None)


def _with_forward(reading: Reading, source: Source) -> Iterator[Reading]:
    """Yield the reading with the author's own forward pass, where there is one, and as it is."""
    spec = reading.spec
    if spec.call is None and spec.forward is None and _takes_a_cache(spec.fn, source):
        forward = forward_of(spec.fn)
        if forward is not None:
            yield replace(reading, spec=replace(spec, forward=forward))
    yield reading


def _takes_a_cache(function: Callable[..., Any], source: Source) -> bool:
    names = _parameters(function)
    return any(role_of(name) == "cache" or (role_of(name) is None and source.entries(name)) for name in names)


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def forward_of(backward: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the forward pass beside ``backward`` in its module, found by its name, or None."""
    names, name = names_beside(backward), name_of(backward)
    for old, new in (("backward", "forward"), ("bwd", "fwd"), ("backprop", "forward"), ("back", "forward")):
        for candidate in dict.fromkeys((name.replace(old, new), name.replace(f"_{old}", ""))):
            if candidate != name and inspect.isfunction(names.get(candidate)):
                return names[candidate]  # type: ignore[no-any-return]
    public = [each for key, each in names.items() if re.search(r"^[a-z].*(forward|fwd)|^(forward|fwd)", key)]
    own = [each for each in public if inspect.isfunction(each) and each.__module__ == backward.__module__]
    return own[0] if len(own) == 1 else None


def names_beside(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the names of the module that a function, or a class, is defined in."""
    own = getattr(inspect.unwrap(function), "__globals__", None)
    module = sys.modules.get(getattr(function, "__module__", None) or type(function).__module__)
    return own if own is not None else vars(module) if module is not None else {}


def _with_layouts(reading: Reading, source: Source) -> Iterator[Reading]:
    """Yield the reading with the layouts that the source says, and with those that may be tried."""
    spec = reading.spec
    if spec.layout is not None:
        yield reading
        if spec.filter_layout is None and "C" in spec.layout.upper() and spec.call is None and not _only_bias(spec):
            for filters in filters_beside(spec.layout.upper()):
                yield replace(reading, spec=replace(spec, filter_layout=filters), layout="as it answers with it")
        return
    if spec.filter_layout is not None:
        yield reading
        return
    activations, filters = _layouts_of_source(spec, source)
    if activations:
        usual, *others = (filters,) if filters else filters_beside(activations)
        yield _stated(reading, activations, usual, FROM_SOURCE)
        yield from (_stated(reading, activations, each, "the first that it answers with") for each in others)
    if spec.call is not None:
        yield reading
        return
    likely = _likely(name_of(spec.fn), spec.fixed.get("padding"))
    for layout in _by_windows(likely, spec, source):
        tried = filters_beside(layout)[: 1 if _only_bias(spec) else None]  # to a bias the filters do not matter
        for each in (filters,) if _same_letters(filters, layout) else tried:
            yield _stated(reading, layout, each, "the first that it answers with")


def _only_bias(spec: CheckSpec) -> bool:
    return all(output_of(operation) == "out_bias" for operation in spec.operations)


def _stated(reading: Reading, layout: str, filters: str, because: str) -> Reading:
    default = (layout, filters) == ("NCHW", "OIHW") and because != FROM_SOURCE
    return replace(
        reading, spec=replace(reading.spec, layout=layout, filter_layout=filters), layout="" if default else because
    )


def _likely(name: str, padding: Any) -> Sequence[str]:
    """Return the layouts to try: the default, then others; those of the rank that a name or its padding says."""
    if padding == "causal" or "causal" in name.lower():  # in time
        name = "1d"
    rank = next((rank for rank in (1, 3) if f"{rank}d" in name.lower()), None)
    return usual_layouts.of_rank(rank) if rank else usual_layouts.ACTIVATIONS


def _by_windows(likely: Sequence[str], spec: CheckSpec, source: Source) -> list[str]:
    """Return the likely layouts, those first in which the windows that the source reads lie on the axes of space.

    Of nothing but two axes, ``image[i : i + k, j : j + l]``, they are rows and columns: one axis of space is not tried.
    A kernel that gets an axis for the channels, ``kernel[:, :, None]``, says where an image has them.
    """
    windows = source.windowed_axes()
    added = [source.new_axis(name) for name in _parameters(spec.fn) if role_of(name) == "w"]
    of_kernel = [layout for axis, layout in ((2, "HWC"), (0, "CHW")) if axis in added]
    known = (*of_kernel, *usual_layouts.WINDOWED.get(windows, ()))
    ordered = list(dict.fromkeys((*(each for each in known if each in likely), *likely)))
    planar = [each for each in ordered if "H" in each] if windows == (2, (0, 1)) else []
    return planar or ordered


def _same_letters(filters: str, layout: str) -> bool:
    """Whether the filters may lie beside such activations: those without channels are one kernel for all of them."""
    return bool(filters) and ("C" in layout or "I" not in filters) and set(filters) - {*"OI"} == set(layout) - {*"NC"}


def _layouts_of_source(spec: CheckSpec, source: Source) -> tuple[str, str]:
    """Return the layouts of activations and of filters that named axes say, empty where they do not."""
    read_axes = _axes_of_source(spec, source)
    activations = next(filter(None, (activation_layout(*axes) for axes in (*read_axes["x"], *read_axes["dy"]))), "")
    transposed = operands_of(spec.operations)[:1] == ("x",) and "transpose" in spec.operations[0]
    read_filters = _filter_layout_of_time if len(set(activations) & {*"DHW"}) == 1 else filter_layout
    filters = next(filter(None, (read_filters(*axes, transposed=transposed) for axes in read_axes["w"])), "")
    is_beside = not activations or _same_letters(filters, activations)
    return activations, filters if is_beside else ""


def _axes_of_source(spec: CheckSpec, source: Source) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Return the named axes of x, w and dy, whether they are arguments or entries of a cache."""
    names: dict[str, list[str]] = {"x": [], "w": [], "dy": []}
    for parameter in read(spec.fn, spec.operations, spec.layouts.rank, holding(spec.fn)).parameters:
        inside = [(name, role_of(name)) for name in source.entries(parameter.name)]
        for name, role in ((parameter.name, parameter.role), *inside):
            if role in names:
                names[role].append(name)
    read_axes = {role: [source.axes(name) for name in listed] for role, listed in names.items()}
    if spec.forward is not None:
        forward = replace(spec, fn=spec.forward, op="conv", returns=None, forward=None)
        for role, axes in _axes_of_source(forward, Source(spec.forward)).items():
            read_axes[role] += axes
    return read_axes


def _name_of_all_sides(spec: CheckSpec, source: Source) -> str:
    """Return the name that two axes of a filter have in common, as in ``f, f, c_in, c_out = w.shape``, or nothing."""
    for axes, _ in _axes_of_source(spec, source)["w"]:
        twice = [axis for axis in axes if axes.count(axis) > 1 and axis.strip("_")]
        if twice:
            return twice[0]
    return ""


# The names of axes in lower case without underscores, digits and what says where: n_H_prev is h, x_h is h.
_AXIS_NAMES = {
    **dict.fromkeys(["n", "m", "b", "bs", "batch", "batchsize", "nb", "samples", "examples", "images", "num"], "N"),
    **dict.fromkeys(
        [
            "c",
            "ch",
            "channel",
            "channels",
            "ci",
            "cin",
            "chin",
            "inch",
            "nin",
            "inplanes",
            "inchannels",
            "depth",
            "d",
            "ic",
            "nc",
            "cprev",
            "channelsin",
            "i",
            "inc",
            "fc",
        ],
        "C",
    ),
    **dict.fromkeys(["h", "height", "rows", "row", "r", "nh", "hh", "kh", "fh", "hin", "ih", "iy"], "H"),
    **dict.fromkeys(
        ["w", "width", "cols", "col", "columns", "nw", "ww", "kw", "fw", "win", "iw", "ix", "l", "length", "t"], "W"
    ),
}
_OUT_NAMES = frozenset(
    [
        "f",
        "nf",
        "k",
        "o",
        "oc",
        "co",
        "cout",
        "chout",
        "outch",
        "nout",
        "outputs",
        "outplanes",
        "outchannels",
        "channelsout",
        "nfilters",
        "numfilters",
        "filters",
        "outc",
        "numf",
        "numkernels",
        "nk",
        "out",
    ]
)


def _letter(axis: str) -> str:
    for of_what in ("prev|in|input|x|old|img|image|padded|pad|filter|kernel", "k|f|w", "-"):
        short = re.sub(rf"(_|\b)({of_what})(_|\b)", "_", axis).strip("_").lower().replace("_", "")
        if short in _AXIS_NAMES:
            return _AXIS_NAMES[short]
    return "?"


def activation_layout(axes: Sequence[str], where: str) -> str:
    """Return the layout of activations whose axes have these names, or nothing where they do not tell."""
    letters = [_letter(axis) for axis in axes]
    if where == "last":
        return {2: "NCHW"}.get(len(axes), "")
    if where == "first":
        return "HWC" if letters[:2] == ["H", "W"] else ""
    if len(axes) in (3, 4):
        layouts = ("NCHW", "NHWC") if len(axes) == 4 else ("CHW", "HWC", "NCW", "NWC", "NHW")
        return next((each for each in layouts if _agrees("".join(letters), each)), "")
    return {2: "HW", 1: "W"}.get(len(axes), "") if set(letters) <= {*"HWNC?"} and letters != ["C", "W"] else ""


def _agrees(letters: str, layout: str) -> bool:
    known = sum(letter != "?" for letter in letters)
    return known >= 2 and all(letter in ("?", own) for letter, own in zip(letters, layout, strict=True))


def filter_layout(axes: Sequence[str], where: str, *, transposed: bool = False) -> str:
    """Return the layout of filters whose axes have these names, or nothing where they do not tell.

    The kernel's axes are those of one name, or of height and width; of the others the one before is the output.
    """
    letters = [_letter(axis) for axis in axes]
    if where != "all" or len(axes) not in (1, 2, 3, 4):
        return "OIHW" if where == "last" and len(axes) == 2 else ""
    if len(axes) <= 2:
        return {2: "HW", 1: "W"}[len(axes)]
    pairs = [i for i in range(len(axes) - 1) if axes[i] == axes[i + 1] or letters[i : i + 2] == ["H", "W"]]
    if len(pairs) != 1:
        return ""
    start = pairs[0]
    others = [axis for index, axis in enumerate(axes) if index not in (start, start + 1)]
    if len(axes) == 3:
        return {0: "HWI", 1: "IHW"}[start] if _letter(others[0]) == "C" or not others[0].strip("_") else ""
    reads_first = _is_output(others[1]) or (_letter(others[0]) == "C" and _letter(others[1]) != "C")
    leading = "IO" if (start == 0 or reads_first) and not _is_output(others[0]) else "OI"
    if transposed:
        if not any(_is_output(axis) or _letter(axis) == "C" for axis in others):
            return ""
        leading = {"IO": "OI", "OI": "IO"}[leading]
    rest = iter(leading)
    return "".join("H" if index == start else "W" if index == start + 1 else next(rest) for index in range(4))


_KERNEL_NAMES = frozenset(["k", "kw", "kernel", "kernelsize", "ksize", "width", "w", "l", "t", "taps", "f"])


def _filter_layout_of_time(axes: Sequence[str], where: str, *, transposed: bool = False) -> str:
    """Return the layout of filters of one spatial axis that has these names, or nothing where they do not tell."""
    if len(axes) == 1:
        return "W"
    if where != "all" or len(axes) != 3 or sum(bool(axis.strip("_")) for axis in axes) < 2:
        return ""
    letters = [_letters_in_time(axis) for axis in axes]
    agree = [each for each in ("OIW", "WIO", "OWI", "WOI") if all(map(contains, letters, each))]
    if not agree:
        return ""
    return agree[0].translate(str.maketrans("OI", "IO")) if transposed else agree[0]


def _letters_in_time(axis: str) -> str:
    """Return what an axis of such a filter may be by its name."""
    short = axis.lower().replace("_", "")
    named = {"O": _is_output(axis), "I": _letter(axis) == "C", "W": short in _KERNEL_NAMES}
    return "".join(letter for letter, is_it in named.items() if is_it or not short) or "OIW"


def _is_output(axis: str) -> bool:
    return axis.lower().replace("_", "") in _OUT_NAMES
