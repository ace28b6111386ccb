"""How much error is normal: one layer in four dtypes in every framework, while its sums grow from 10 to 100,000 products.

The error of a right answer grows with the number of products and depends on the dtype; the judge's bound grows with it. A fixed
tolerance such as 1e-4 does not: it is right for one length of sum in one dtype, if for any.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.adapters.contract import Adapter
from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.grades import CONFORMANT
from convformance.judging.grading import grade_fill
from convformance.test_cases.case import Case, case
from convformance.test_cases.fills import fill
from examples import drawing
from examples.asking import first_answer, frameworks, out_folder

Array = np.ndarray[Any, Any]

DTYPES = ("float64", "float32", "bfloat16", "float16")
CHANNELS = (
    1,
    3,
    10,
    32,
    100,
    316,
    1_000,
    3_162,
    10_000,
)  # of the input; the 2x5 kernel makes ten times as many products
TOLERANCE = 1e-4
COLOURS = {"float64": drawing.BLUE, "float32": drawing.GREEN, "bfloat16": drawing.RED, "float16": drawing.PURPLE}
MARKERS = {"scipy": "o", "torch": "s", "tensorflow": "^", "jax": "D", "onnxruntime": "v"}
# What the picture says, and how high.
WORDS = (
    (2e-2, drawing.RED, "16 bits: right answers are further off than 1e-4"),
    (2.5e-5, drawing.GREEN, "float32: 1e-4 is fifty times the bound of 10 products"),
    (3e-14, drawing.BLUE, "float64: 1e-4 is a hundred million times the bound"),
)


class Measured(NamedTuple):
    """One layer in one dtype by one framework: the largest error and the largest bound, as shares of the results' size.

    The size is the root mean square of the true results; ``share`` is the largest error over the bound of its own element.
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
    examination = Examination(
        "conv", asked.problem, dtype, lambda name, *arithmetic: fill(asked, "conv", dtype, name, *arithmetic)
    )
    return examination.trial("normal")


def measured(adapters: list[Adapter], dtype: str, channels: int) -> Iterator[Measured]:
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
    found = []
    for dtype in DTYPES:
        found += [one for count in channels for one in measured(adapters, dtype, count)]
    for one in found:
        where = f"{one.framework}, {one.dtype}, {one.products} products"
        assert one.grade == CONFORMANT, f"{where}: {one.grade}, an error of {one.share:.3g} of the bound"
    return found


def check_that_no_tolerance_fits(found: list[Measured]) -> None:
    """Check that the tolerance is too wide for some right answers and too narrow for others.

    In float64 it is a hundred million times every bound. In float32 it is fifty times that of sums of 10 products, and less than
    that of sums of 100,000. In the 16-bit types every framework's right answer is further off.
    """
    bounds = {dtype: [one.bound for one in found if one.dtype == dtype] for dtype in DTYPES}
    assert max(bounds["float64"]) * 1e8 < TOLERANCE, f"the bounds of float64 reach {max(bounds['float64']):.2g}"
    assert min(bounds["float32"]) * 50 < TOLERANCE, f"the bounds of float32 begin at {min(bounds['float32']):.2g}"
    assert max(bounds["float32"]) > TOLERANCE, f"the bounds of float32 reach {max(bounds['float32']):.2g} only"
    for one in found:
        if one.dtype in ("bfloat16", "float16"):
            assert one.error > TOLERANCE, f"{one.framework}, {one.dtype}, {one.products} products: {one.error:.2g}"


def draw(found: list[Measured], out: Path) -> None:
    """Draw error and bound of every dtype over the number of products, and the tolerance across them."""
    figure, axes = drawing.panels("Is 1e-4 all right? Too wide for float64, too narrow for 16 bits", 1, 1, (12, 8))
    panel = axes[0, 0]
    panel.set(xscale="log", yscale="log", xlim=(6, 1.7e5))
    drawing.lines(
        panel,
        "largest error of right answers (points) and the bound they are judged by (lines)",
        across="products summed in each result",
        up="|error|, as a share of the results' root mean square",
    )
    for dtype, colour in COLOURS.items():
        _draw_dtype(panel, [one for one in found if one.dtype == dtype], colour)
    panel.axhline(TOLERANCE, color=drawing.BLACK, linestyle="--", linewidth=2)
    for height, colour, words in WORDS:
        panel.text(7, height, words, fontsize=11, fontweight="bold", color=colour)
    _explain(panel, dict.fromkeys(one.framework for one in found))
    drawing.save(figure, out, "how_much_error_is_normal")


def _draw_dtype(panel: Axes, found: list[Measured], colour: str) -> None:
    bounds = {one.products: one.bound for one in found}
    panel.plot(list(bounds), list(bounds.values()), color=colour, linewidth=3)
    for one in found:
        panel.plot(one.products, one.error, MARKERS[one.framework], color=colour, markersize=7, alpha=0.75)


def _explain(panel: Axes, names: Iterable[str]) -> None:
    """Add the legend: a line for each bound and for the tolerance, a mark for each framework."""
    bounds = [Line2D([], [], color=colour, linewidth=3, label=f"bound, {dtype}") for dtype, colour in COLOURS.items()]
    bounds.append(Line2D([], [], color=drawing.BLACK, linestyle="--", linewidth=2, label="a tolerance of 1e-4"))
    marks = [Line2D([], [], color="grey", marker=MARKERS[name], linestyle="", label=name) for name in names]
    panel.legend(handles=[*bounds, *marks], loc="center right", ncols=2)


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("how much error is normal: sums of 10 to 100,000 products, four dtypes, normally distributed numbers")
    found = check_that_errors_stay_within_the_bound(frameworks(tuple(MARKERS)))
    for dtype in DTYPES:
        ours = [one for one in found if one.dtype == dtype]
        if not ours:
            print(f"  {dtype}: no framework here has it")
            continue
        names = ", ".join(dict.fromkeys(one.framework for one in ours))
        first, last = (f"{max(one.error for one in ours if one.products == count):.1g}" for count in (10, 100_000))
        print(f"  {dtype}: errors of {first} at 10 products, {last} at 100,000, all within the bound ({names})")
    check_that_no_tolerance_fits(found)
    print(
        f"  {TOLERANCE} is 100,000,000 times what float64 may err, and less than what right answers in 16 bits do err"
    )
    draw(found, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
