"""Known divergences of ncnn, as data."""

from math import prod

from convformance.adapters.contract import KnownDivergence

_VERSIONS = ("1.0.20261020", None)

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
        "groups of several channels whose planes have a number of elements that is no multiple of 4",
        grades=("wrong",),
        routes=("Deconvolution",),
        when=lambda case, dtype: (
            case.problem.out_channels > case.problem.groups > 1 and prod(case.problem.output_size) % 4 > 0
        ),
        modes={"copy": "off"},
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "copy-of-an-empty-image-divides-by-zero",
        "Mat.clone of a Mat without elements kills the process with SIGFPE.",
        "images without elements",
        grades=("crashed",),
        when=lambda case, dtype: 0 in case.problem.output_size,
        modes={"copy": "on"},
        versions=_VERSIONS,
    ),
)
