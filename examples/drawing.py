"""One style for the pictures of the examples, in colours that the colour-blind can tell apart."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from PIL import Image

from convformance.reference.arrays import Array

# Colour maps: for values of one sign, of both signs, for errors, and for photographs.
VALUES, SIGNED, ERRORS, GREYS = "viridis", "PuOr_r", "magma", "gray"
# Okabe and Ito's colours for lines and points.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)

_SMALL = 9  # points: axes, colour bars, numbers in cells


def panels(title: str, rows: int, columns: int, size: tuple[float, float], **grid: Any) -> tuple[Figure, Any]:
    """Return a figure of ``size`` inches under ``title`` and its axes, an array of ``(rows, columns)``."""
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=14, fontweight="bold")
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def image(axes: Axes, array: Array, title: str, *, unit: str = "value", colours: str = VALUES, **scale: Any) -> Any:
    """Draw ``(H, W)`` under a colour bar's ``unit``; maps of both signs are centred at 0. ``scale``: of ``imshow``."""
    if colours == SIGNED and not scale:
        largest = float(np.abs(array).max()) or 1.0
        scale = {"vmin": -largest, "vmax": largest}
    shown = axes.imshow(array, cmap=colours, interpolation="nearest", **scale)
    bar = axes.figure.colorbar(shown, cax=axes.inset_axes((1.04, 0.0, 0.05, 1.0)))
    bar.set_label(unit, fontsize=_SMALL)
    bar.ax.tick_params(labelsize=_SMALL)
    _label_image(axes, title)
    return shown


def photograph(axes: Axes, colours: Array, title: str) -> None:
    """Draw ``(3, H, W)`` of 0 to 255 as the picture it is."""
    axes.imshow(np.clip(np.rint(np.moveaxis(colours, 0, -1)), 0, 255).astype(np.uint8), interpolation="nearest")
    _label_image(axes, title)


def numbers(axes: Axes, array: Array, title: str, *, unit: str = "value", colours: str = SIGNED) -> None:
    """Draw a small ``(H, W)`` array of integers with every number written in its cell."""
    shown = image(axes, array, title, unit=unit, colours=colours)
    for (row, column), value in np.ndenumerate(array):
        red, green, blue, _ = shown.cmap(shown.norm(value))
        is_bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5  # as the eye weighs the colours
        ink = "black" if is_bright else "white"
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=ink, fontsize=_SMALL)


def outline(axes: Axes, corner: tuple[float, float], size: tuple[float, float], colour: str = RED) -> None:
    """Draw a frame round the cells from ``corner`` (row, column) on, ``size`` (rows, columns) of them."""
    (row, column), (height, width) = corner, size
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, fill=False, edgecolor=colour, linewidth=2.5))


def label_axes(axes: Axes, title: str, *, across: str, up: str) -> None:
    """Name the axes of a diagram, each with its unit, and lay a grid."""
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(across, fontsize=_SMALL + 1)
    axes.set_ylabel(up, fontsize=_SMALL + 1)
    axes.grid(alpha=0.3)


def text_panel(axes: Axes, title: str, text: str) -> None:
    """Fill a panel with a title and lines of text."""
    axes.set_axis_off()
    axes.set_title(title, fontsize=11)
    axes.text(0.0, 0.97, text, va="top", fontsize=_SMALL + 1, transform=axes.transAxes)


def save(figure: Figure, out: Path, name: str) -> Path:
    """Write ``name.png`` into ``out``, made if need be, and say so."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.png"
    png = BytesIO()
    figure.savefig(png, format="png")
    # A third of the bytes, and no difference to the eye.
    reduced = Image.open(png).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
    print(f"  picture: {path}")
    return path


def _label_image(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("column", fontsize=_SMALL)
    axes.set_ylabel("row", fontsize=_SMALL)
    axes.tick_params(labelsize=_SMALL)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
