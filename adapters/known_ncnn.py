"""Known divergences of ncnn, as data."""

from math import prod

from convformance.adapters.contract import Adapter, Domain, KnownDivergence, of_numbers
from convformance.adapters.known import KINDS_SEEN, strided_past_kernel

_VERSIONS = ("1.0.20261020", None)
_IMAGES = Domain("an image or more, as it is given one at a time", lambda request: request.problem.batch > 0)

NCNN = (
    KnownDivergence(
        "array-strides-are-ignored",
        "ncnn.Mat reads the memory of a NumPy array from its first element on, whatever its strides are.",
        "operands that are not contiguous",
        grades=("wrong",),
        when=lambda case, dtype: case.memory != "contiguous",
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "borrowed-groups-are-misread",
        "A Mat over NumPy's memory has no gap behind a channel; the part that a group gets is read as if it had.",
        "groups above 1, planes with no elements or a number of them that is no multiple of 4",
        grades=("wrong", "crashed"),
        when=lambda case, dtype: (
            case.problem.groups > 1
            and any(size == 0 or size % 4 for size in map(prod, (case.problem.input_size, case.problem.output_size)))
        ),
        always=False,
        modes={"copy": "off"},
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "same-past-the-kernel-crops",
        "SAME on an axis whose stride passes the kernel becomes a negative padding where another axis is padded: three "
        "axes are cropped, and packed channels of two are written beyond their end.",
        "a symbolic SAME padding, an axis whose last window ends before the data, another one that is padded",
        grades=("wrong", "crashed"),
        routes=("Convolution",),
        when=lambda case, dtype: (
            (case.problem.symbol or "").startswith("same")
            and strided_past_kernel(case)
            and max(map(max, case.problem.padding)) > 0
        ),
        always=False,
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "winograd",
        "Winograd is used unless net.opt.use_winograd_convolution is False: errors are those of its transforms, and a "
        "NaN or an infinity spreads over its tile.",
        "planes, a kernel of 3x3, stride and dilation 1, one group",
        grades=("componentwise", "norm-wise", "wrong"),
        routes=("Convolution",),
        when=lambda case, dtype: (
            case.problem.kernel_size == (3, 3)
            and max(*case.problem.stride, *case.problem.dilation, case.problem.groups) == 1
        ),
        modes={"winograd": "on"},
        always=False,
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "copy-of-an-empty-image-divides-by-zero",
        "Mat.clone of a Mat without elements has an element size of 0, by which the layer that gets it divides: the "
        "process dies of SIGFPE.",
        "images without elements",
        grades=("crashed",),
        when=lambda case, dtype: 0 in case.problem.output_size,
        modes={"copy": "on"},
        versions=_VERSIONS,
    ),
)


class Known(Adapter):
    """What was seen of ncnn."""

    known_divergences = NCNN
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "1.0.20261020"
    refusals = (r"^ncnn: extract returned -\d+",)
    domain = _IMAGES & of_numbers("float32, which it computes in", "float32")
