"""What the name of a parameter says: the role it plays, of which axis and side, as people write it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

SIZES = tuple(f"{array}_{extent}" for array in ("input", "kernel", "output") for extent in ("shape", "size"))
COUNTS = ("batch", "in_channels", "out_channels")
# Arrays that a function writes into: its only result, or the gradient in one of its operands.
OUTPUTS = ("out", "out_x", "out_w", "out_bias")


@dataclass(frozen=True)
class Meaning:
    """A role; of one spatial letter and one side, ``lo`` or ``hi``, where ``axis`` and ``side`` say so."""

    role: str
    axis: str = ""
    side: str = ""


# The names of each role in lower case and without underscores, collected from courses, libraries and published code.
_NAMES: Mapping[str, str] = {
    "x": "x xs i im in1 inp input inputs img imgs image images data signal a aprev arr array src tensor fmap "
    "featuremap prev activations lhs",
    "w": "w ws weight weights kernel kernels filter filters filt f g k ker kern wt taps in2 v mask rhs",
    "dy": "dy gy dz da dh dout doutput doutputs dldy dldz dldout dldo grad grads gradient gradients gradout gradoutput "
    "gradoutputs outgrad outputgrad delta deltas upstream errorsignal dnext dvalues accumgrad topdiff error err "
    "outputerror eta gout gradz grady residual dconv",
    "bias": "bias biases b bs",
    "stride": "stride strides s step steps subsample windowstrides hop hopsize",
    "padding": "padding paddings pad pads p zeropadding zeropad borderpadding padsize padwidth padamount padlen",
    "dilation": "dilation dilations dilate rate rates dilationrate dilationrates atrousrate d rhsdilation "
    "dilationfactor",
    "groups": "groups group numgroups ngroups featuregroupcount",
    "output_padding": "outputpadding outputpad outpadding outpad",
    "input_shape": "inputshape inshape xshape imageshape imgshape inputsizes",
    "input_size": "inputsize insize xsize imagesize imgsize inputdim inputdims",
    "kernel_shape": "kernelshape filtershape wshape weightshape filtersshape weightsshape kshape",
    "kernel_size": "kernelsize filtersize ksize wsize weightsize filtersizes ks fsize k f kernellen kernellength",
    "output_shape": "outputshape outshape yshape",
    "output_size": "outputsize outsize ysize outputdim outputdims",
    "in_channels": "inchannels cin inch inputchannels numinputchannels channelsin infeatures inputdepth channels "
    "numchannels nchannels nc ncprev c inplanes nin",
    "out_channels": "outchannels cout outch outputchannels channelsout nfilters numfilters numfilter numkernels "
    "nkernels outfeatures nf filters outplanes nout F K",
    "batch": "batch batchsize n m bs nsamples numsamples nbatch",
    "out": "out output outputs y yout result results res ret dst dest destination z outarray featuremapout",
    "out_x": "dx dinput gradinput gradx dimage daprev gx gradin",
    "out_w": "dw dweight dweights dfilter dfilters dkernel gradw gradweight gradweights gradfilter gradkernel gw df dk",
    "out_bias": "db dbias gradb gradbias gb",
    "parameters": "params param parameters hparameters hparams hyperparameters hyperparams convparam convparams "
    "convparameters config cfg options opts settings conf attrs",
    "cache": "cache caches ctx context saved memo cached savedtensors",
}
# Numbers of one axis in two or three letters.
_AXES: Mapping[str, str] = {
    "stride": "sh:H sw:W sy:H sx:W sd:D",
    "padding": "ph:H pw:W py:H px:W pd:D pt:H:lo pb:H:hi pl:W:lo pr:W:hi",
    "dilation": "dh:H dw:W dd:D",
    "kernel_size": "kh:H kw:W ky:H kx:W kd:D fh:H fw:W hh:H ww:W hk:H wk:W khe:H r:H",
    "input_size": "ih:H iw:W id:D hin:H win:W hi:H wi:W h:H w:W height:H width:W rows:H cols:W imgh:H imgw:W nh:H nw:W",
    "output_size": "oh:H ow:W od:D hout:H wout:W ho:H wo:W outh:H outw:W newh:H neww:W",
}
_QUANTITIES: Mapping[str, str] = {
    "stride": "stride strides step steps subsample",
    "padding": "pad pads padding paddings",
    "dilation": "dilation dilations rate dilate dil",
    "kernel_size": "kernel filter weight window k",
    "input_size": "input in image img x",
    "output_size": "output out result y new",
}
_AXIS_WORDS = {
    **dict.fromkeys(["h", "height", "row", "rows", "y", "vertical", "vert"], ("H", "")),
    **dict.fromkeys(["w", "width", "col", "cols", "column", "columns", "x", "horizontal", "horiz"], ("W", "")),
    **dict.fromkeys(["d", "depth", "z"], ("D", "")),
    "top": ("H", "lo"),
    "bottom": ("H", "hi"),
    "left": ("W", "lo"),
    "right": ("W", "hi"),
    "front": ("D", "lo"),
    "back": ("D", "hi"),
    **dict.fromkeys(["before", "begin", "start", "lo", "low", "pre"], ("", "lo")),
    **dict.fromkeys(["after", "end", "hi", "high", "post"], ("", "hi")),
}
_CLEAR_AXES = frozenset(["h", "w", "d", "height", "width", "depth"])  # beside one letter: x_col is no width
_FILLING = frozenset(["size", "sizes", "dim", "dims", "length", "len", "amount", "factor", "n", "num"])
# The words of longer names of arrays, and those that say nothing of which array it is.
_ARRAY_WORDS: Mapping[str, frozenset[str]] = {
    "x": frozenset(
        ["x", "input", "inputs", "image", "images", "img", "signal", "data", "activation", "activations", "prev"]
    ),
    "w": frozenset(
        ["w", "kernel", "kernels", "filter", "filters", "weight", "weights", "mask", "taps", "coefficients", "coeffs"]
    ),
    "bias": frozenset(["bias", "biases", "b"]),
    "dy": frozenset(
        [
            "grad",
            "grads",
            "gradient",
            "gradients",
            "upstream",
            "delta",
            "deltas",
            "error",
            "err",
            "dout",
            "dy",
            "dz",
            "diff",
        ]
    ),
    "out": frozenset(["out", "output", "outputs", "result", "results", "res", "dst", "dest", "y"]),
}
_DECORATION = frozenset(
    [
        "pad",
        "padded",
        "in",
        "slice",
        "tensor",
        "array",
        "arr",
        "mat",
        "matrix",
        "batch",
        "grid",
        "np",
        "gray",
        "grey",
        "nchw",
        "nhwc",
        "orig",
        "original",
        "source",
        "src",
        "map",
        "maps",
        "feature",
        "features",
        "volume",
        "vol",
        "list",
        "vec",
        "vector",
        "plane",
        "layer",
        "values",
        "conv",
        "a",
        "flat",
        "buf",
        "buffer",
        "current",
    ]
)
_EXACT: dict[str, list[Meaning]] = {}
for _role, _listed in _NAMES.items():
    for _name in _listed.split():
        _EXACT.setdefault(_name, []).append(Meaning(_role))
for _role, _listed in _AXES.items():
    for _name, *_part in (entry.split(":") for entry in _listed.split()):
        _EXACT.setdefault(_name, []).append(Meaning(_role, *_part))


@cache
def meanings(name: str) -> tuple[Meaning, ...]:
    """Return what a parameter of that name may stand for, the likeliest first."""
    short = name.lower().replace("_", "")
    exact = [*_EXACT.get(short, ()), *(_EXACT.get(name, ()) if name != short else ())]
    return tuple(dict.fromkeys(exact)) or tuple(_by_parts(_tokens(name)))


def role_of(name: str) -> str | None:
    """Return what a parameter of that name stands for on all axes, or None."""
    first = next(iter(meanings(name)), None)
    return first.role if first and not (first.axis or first.side) else None


def _tokens(name: str) -> list[str]:
    """Return the parts of a name in lower case: those between underscores, capitals and digits."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _by_parts(tokens: list[str]) -> list[Meaning]:
    part = _of_one_axis(tokens)
    array = _of_an_array(tokens)
    return [each for each in (part, array) if each is not None]


def _of_one_axis(tokens: list[str]) -> Meaning | None:
    """Return the geometry of one axis or side that the parts of a name say, as ``stride_h``, ``pad_top``, ``out_w``."""
    said = [token for token in tokens if token not in _FILLING]
    for role, listed in _QUANTITIES.items():
        quantity = [token for token in said if token in listed.split()]
        rest = [token for token in said if token not in quantity[:1]]
        clear = all(len(token) > 1 for token in quantity[:1]) or set(rest) <= _CLEAR_AXES
        if quantity and rest and clear and all(token in _AXIS_WORDS for token in rest):
            axes = {_AXIS_WORDS[token][0] for token in rest} - {""}
            sides = {_AXIS_WORDS[token][1] for token in rest} - {""}
            if len(axes) <= 1 and len(sides) <= 1 and (role == "padding" or not sides):
                return Meaning(role, "".join(axes), "".join(sides))
    return None


def _of_an_array(tokens: list[str]) -> Meaning | None:
    """Return the array that the parts of a longer name say, as ``padded_image`` or ``grad_wrt_output``."""
    present = set(tokens) - _DECORATION - {"d", "l", "wrt", "of", "from", "next", "above", "top", "loss"}
    roles = {role for role, listed in _ARRAY_WORDS.items() if present & listed}
    if not present or not all(any(token in listed for listed in _ARRAY_WORDS.values()) for token in present):
        return None
    if "dy" in roles:
        inner = roles - {"dy", "out"}
        return Meaning(f"out_{inner.pop()}" if len(inner) == 1 else "dy") if len(inner) <= 1 else None
    if "out" in roles:
        return Meaning("out") if roles <= {"out", "x"} else None
    return Meaning(roles.pop()) if len(roles) == 1 else None
