"""The layouts that people write convolutions in, the usual first: all that is tried comes from these tables."""

from collections.abc import Mapping, Sequence

# Filters as they lie beside activations whose channels are last, elsewhere, or not there: ``{s}`` are the spatial axes.
_FILTERS = {"last": ("{s}IO", "O{s}I", "OI{s}", "{s}I"), "elsewhere": ("OI{s}", "I{s}", "{s}IO"), "nowhere": ("{s}",)}
_OF_RANK = {
    1: ("NCW", "W", "NWC", "CW", "WC"),
    2: ("NCHW", "HW", "NHWC", "CHW", "HWC"),
    3: ("NCDHW", "DHW", "NDHWC", "CDHW", "DHWC"),
}
# Of any rank: two spatial axes are meant where nothing says another number.
ACTIVATIONS = (*_OF_RANK[2], "W", "NCW", "NWC")
IMAGES = ("HW", "HWC", "NCHW", "NHWC", "CHW")  # of a function that takes an image alone
# What is tried where another number of axes is wanted; None: the filters that are usual beside them.
SUGGESTED: tuple[tuple[str, str | None], ...] = (
    *(("HW", None), ("W", None), ("HWC", "HWIO"), ("CHW", "OIHW"), ("NHWC", "HWIO"), ("NHWC", "OHWI")),
    *(("NCW", "OIW"), ("CW", "OIW"), ("NHW", None), ("NCHW", "OIHW"), ("HWC", "HWI"), ("CHW", "IHW")),
    *(("CHW", "HW"), ("HWC", "HW"), ("NCDHW", "OIDHW"), ("DHW", None)),
)
LAYOUTS_OF_LAYERS = (
    *(("NCHW", "OIHW"), ("CHW", "OIHW"), ("NHWC", "HWIO"), ("HWC", "HWIO"), ("HW", "HW"), ("HWC", "OHW")),
    *(("NCW", "OIW"), ("CW", "OIW"), ("NWC", "WIO"), ("W", "W"), ("NCDHW", "OIDHW")),
)
# Of layers with a filter for each channel.
DEPTHWISE_LAYOUTS_OF_LAYERS = (
    *(("NCHW", "OIHW"), ("NCHW", "CHW"), ("NHWC", "HWC"), ("NCW", "OIW"), ("NCW", "CW"), ("NWC", "WC")),
    *(("CHW", "CHW"), ("HWC", "HWC"), ("NCDHW", "OIDHW")),
)
# Of an array whose windows are on these axes of so many; the last axis may have been left out of the brackets.
WINDOWED: Mapping[tuple[int, tuple[int, ...]], tuple[str, ...]] = {
    (4, (2, 3)): ("NCHW",),
    (4, (1, 2)): ("NHWC",),
    (3, (0, 1)): ("HWC",),
    (3, (1, 2)): ("CHW", "NHWC"),
    (3, (2,)): ("NCW",),
    (2, (0, 1)): ("HW", "HWC"),
}


def of_rank(rank: int) -> Sequence[str]:
    """Return the layouts of activations with that many spatial axes."""
    return _OF_RANK[rank]


def filters_beside(activations: str) -> list[str]:
    """Return the layouts of filters that lie beside activations of a layout."""
    spatial = "".join(letter for letter in "DHW" if letter in activations)
    channels = "nowhere" if "C" not in activations else "last" if activations.endswith("C") else "elsewhere"
    one_for_all = ["{s}"] if channels != "nowhere" and "N" not in activations else []
    return [each.format(s=spatial) for each in (*_FILTERS[channels], *one_for_all)]
