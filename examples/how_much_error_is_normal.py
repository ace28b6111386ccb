"""How much error is normal: one layer in four dtypes by every framework, with sums of 10 to 100,000 products.

The error of a right answer grows with the number of products and depends on the dtype; the judge's bound grows with it.
A fixed tolerance such as 1e-4 does not: it is right for one length of sum in one dtype, if for any.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.adapters.contract import Adapter
from convformance.judging.bounds import Trial
from convformance.judging.grades import CONFORMANT
from convformance.judging.grading import grade_fill
from convformance.test_cases.case import NARROW, Case, case
from convformance.test_cases.examining import examination
from examples import drawing
from examples.asking import first_answer, frameworks, out_folder

DTYPES = ("float64", "float32", "bfloat16", "float16")
CHANNELS = (1, 3, 10, 32, 100, 316, 1_000, 3_162, 10_000)  # the 2x5 kernel makes ten times as many products
TOLERANCE = 1e-4
COLOURS = {"float64": drawing.BLUE, "float32": drawing.GREEN, "bfloat16": drawing.RED, "float16": drawing.PURPLE}
MARKERS = {"scipy": "o", "torch": "s", "tensorflow": "^", "jax": "D", "onnxruntime": "v"}
# What the picture says, at which height.
LABELS = (
    (2e-2, drawing.RED, "16 bits: right answers are further off than 1e-4"),
    (2.5e-5, drawing.GREEN, "float32: 1e-4 is fifty times the bound of 10 products"),
    (3e-14, drawing.BLUE, "float64: 1e-4 is a hundred million times the bound"),
)


class Measured(NamedTuple):
    """One layer in one dtype by one framework: the largest error and the largest bound, both relative to the results.

    They are divided by the root mean square of the true results. ``share`` is the largest error over the bound of its
    own element.
    """

    framework: str
    dtype: str
    products: int
    error: float
    bound: float
    share: float
    grade: str


def layer(channels: int) -> Case:
    """Return the layer whose results sum ``10 * channels`` products each."""
    return case(
        "error",
        "Errors beyond what rounding makes.",
        input_size=(5, 12),
        kernel_size=(2, 5),
        batch=1,
        in_channels=channels,
        out_channels=6,
    )


def trial_of(asked: Case, dtype: str) -> Trial:
    """Return the layer's trial on normally distributed numbers, its truth and its bound."""
    return examination(asked, "conv", dtype).trial("normal")


def measure(adapters: list[Adapter], dtype: str, channels: int) -> Iterator[Measured]:
    """Yield what each framework makes of one layer, by its first route."""
    trial = trial_of(layer(channels), dtype)
    size = float(np.sqrt(np.mean(trial.y**2)))
    for adapter in adapters:
        for _, value in first_answer(adapter, "conv", trial.problem, *trial.operands.arrays):
            result = grade_fill(trial, value)
            largest, allowed = float(result.size.max()), float(trial.bound.max())
            share = float(result.share(trial.bound).max())
            yield Measured(adapter.name, dtype, 10 * channels, largest / size, allowed / size, share, result.grade)


def check_that_errors_stay_within_the_bound(
    adapters: list[Adapter], channels: tuple[int, ...] = CHANNELS
) -> list[Measured]:
    """Return all measurements: every framework is conformant in every dtype that it has, at every length of sum."""
    results: list[Measured] = []
    for dtype, count in product(DTYPES, channels):
        results.extend(measure(adapters, dtype, count))
    for result in results:
        where = f"{result.framework}, {result.dtype}, {result.products} products"
        assert result.grade == CONFORMANT, f"{where}: {result.grade}, an error of {result.share:.3g} of the bound"
    return results


def check_that_no_tolerance_fits(results: list[Measured]) -> None:
    """Check that the tolerance is too wide for some right answers and too narrow for others.

    In float64 it is a hundred million times every bound. In float32 it is fifty times that of sums of 10 products, and
    less than that of sums of 100,000. In the 16-bit types every framework's right answer is further off.
    """
    bounds = {dtype: [result.bound for result in results if result.dtype == dtype] for dtype in DTYPES}
    assert max(bounds["float64"]) * 1e8 < TOLERANCE, f"the bounds of float64 reach {max(bounds['float64']):.2g}"
    assert min(bounds["float32"]) * 50 < TOLERANCE, f"the bounds of float32 begin at {min(bounds['float32']):.2g}"
    assert max(bounds["float32"]) > TOLERANCE, f"the bounds of float32 reach {max(bounds['float32']):.2g} only"
    for result in results:
        if result.dtype in NARROW:
            where = f"{result.framework}, {result.dtype}, {result.products} products"
            assert result.error > TOLERANCE, f"{where}: {result.error:.2g}"


def draw(results: list[Measured], out: Path) -> None:
    """Draw error and bound of every dtype over the number of products, and the tolerance across them."""
    figure, axes = drawing.panels("Is 1e-4 all right? Too wide for float64, too narrow for 16 bits", 1, 1, (12, 8))
    panel = axes[0, 0]
    panel.set(xscale="log", yscale="log", xlim=(6, 1.7e5))
    drawing.label_axes(
        panel,
        "largest error of right answers (points) and the bound they are judged by (lines)",
        across="products summed in each result",
        up="|error|, as a share of the results' root mean square",
    )
    for dtype, colour in COLOURS.items():
        _draw_dtype(panel, [result for result in results if result.dtype == dtype], colour)
    panel.axhline(TOLERANCE, color=drawing.BLACK, linestyle="--", linewidth=2)
    for height, colour, text in LABELS:
        panel.text(7, height, text, fontsize=11, fontweight="bold", color=colour)
    _add_legend(panel, dict.fromkeys(result.framework for result in results))
    drawing.save(figure, out, "how_much_error_is_normal")


def _draw_dtype(panel: Axes, results: list[Measured], colour: str) -> None:
    bounds = {result.products: result.bound for result in results}
    panel.plot(list(bounds), list(bounds.values()), color=colour, linewidth=3)
    for result in results:
        marker = MARKERS[result.framework]
        panel.plot(result.products, result.error, marker, color=colour, markersize=7, alpha=0.75)


def _add_legend(panel: Axes, names: Iterable[str]) -> None:
    """Add a line for each bound and for the tolerance, a marker for each framework."""
    bounds = [Line2D([], [], color=colour, linewidth=3, label=f"bound, {dtype}") for dtype, colour in COLOURS.items()]
    bounds.append(Line2D([], [], color=drawing.BLACK, linestyle="--", linewidth=2, label="a tolerance of 1e-4"))
    markers = [Line2D([], [], color="grey", marker=MARKERS[name], linestyle="", label=name) for name in names]
    panel.legend(handles=[*bounds, *markers], loc="center right", ncols=2)


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("how much error is normal: sums of 10 to 100,000 products, four dtypes, normally distributed numbers")
    results = check_that_errors_stay_within_the_bound(frameworks(tuple(MARKERS)))
    for dtype in DTYPES:
        print(f"  {dtype}: {_summary([result for result in results if result.dtype == dtype])}")
    check_that_no_tolerance_fits(results)
    print(f"  {TOLERANCE} is 100,000,000 times the bound of float64, and less than right answers in 16 bits are off")
    draw(results, out)


def _summary(results: list[Measured]) -> str:
    if not results:
        return "no framework here has it"
    names = ", ".join(dict.fromkeys(result.framework for result in results))
    few = max(result.error for result in results if result.products == 10)
    many = max(result.error for result in results if result.products == 100_000)
    return f"errors of {few:.1g} at 10 products, {many:.1g} at 100,000, all within the bound ({names})"


if __name__ == "__main__":
    main(out_folder(__doc__))
