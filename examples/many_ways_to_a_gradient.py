"""The many ways to a gradient: what TensorFlow, SciPy and everyone else here call it, and that they agree.

On random integers from 0 to 9, TensorFlow's four ways to dx and three to dw give the same numbers, and so do SciPy's
``convolve2d`` formulas: dx is the full convolution of dy with the kernel, dw the valid one of x with dy rotated.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.signal import convolve2d

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.adapters.contract import Adapter
from convformance.reference import Problem
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from examples import drawing
from examples.asking import answers, frameworks, out_folder, same_bits

Ways = dict[str, Array]

PROBLEM = Problem.of(input_size=(7, 6), kernel_size=(3, 2))
TENSORFLOW = {
    "conv_input_grad": ("GradientTape", "conv2d_backprop_input", "nn.conv2d_transpose", "by-hand"),
    "conv_filter_grad": ("GradientTape", "conv2d_backprop_filter", "by-hand"),
}


def operands() -> tuple[Array, Array, Array]:
    """Return x, w and dy, ``(1, 1, H, W)`` each, random integers from 0 to 9 in float32."""
    rng = np.random.default_rng(9)
    shapes = (PROBLEM.input_shape, PROBLEM.filter_shape, PROBLEM.output_shape)
    x, w, dy = (rng.integers(0, 10, shape).astype(np.float32) for shape in shapes)
    return x, w, dy


def by_scipy(x: Array, w: Array, dy: Array) -> tuple[Array, Array]:
    """Return dx and dw by SciPy's two-dimensional convolution, which rotates its second operand."""
    dx = convolve2d(dy[0, 0], w[0, 0], mode="full")
    dw = convolve2d(x[0, 0], np.flip(dy[0, 0]), mode="valid")
    return dx[None, None], dw[None, None]


def ways(adapters: list[Adapter], operation: str, *arrays: Array) -> Ways:
    """Return the answers of every framework by all its routes to ``operation``; of TensorFlow, by those above."""
    gradients: Ways = {}
    for adapter in adapters:
        routes = TENSORFLOW[operation] if adapter.name == "tensorflow" else ()
        by_route = answers(adapter, operation, PROBLEM, *arrays, routes=routes)
        unanswered = set(routes) - set(by_route)
        assert not unanswered, f"{adapter.name} does not answer {operation} by {sorted(unanswered)}"
        gradients |= {f"{adapter.name}: {route}": value for route, value in by_route.items()}
    return gradients


def check_that_the_ways_agree(adapters: list[Adapter]) -> tuple[Ways, Ways]:
    """Return every way to dx and to dw, SciPy's formulas first; all of one kind are the same numbers, bit for bit."""
    x, w, dy = operands()
    scipy_dx, scipy_dw = by_scipy(x, w, dy)
    to_dx = {"convolve2d full, with w": scipy_dx, **ways(adapters, "conv_input_grad", dy, w)}
    to_dw = {"convolve2d valid, with dy": scipy_dw, **ways(adapters, "conv_filter_grad", x, dy)}
    for name, dx in to_dx.items():
        same_bits(f"dx by {name}", dx, apply("conv_input_grad", PROBLEM, dy, w))
    for name, dw in to_dw.items():
        same_bits(f"dw by {name}", dw, apply("conv_filter_grad", PROBLEM, x, dy))
    return to_dx, to_dw


def draw(to_dx: Ways, to_dw: Ways, out: Path) -> None:
    """Draw the operands, then SciPy's and the next four ways to each gradient; name the others."""
    title = "The many ways to a gradient: each row below is one gradient, computed differently, with the same numbers"
    figure, axes = drawing.panels(title, 3, 5, (17, 10))
    for panel, array, name in zip(axes[0], operands(), ("x", "w, the kernel", "dy"), strict=False):
        drawing.numbers(panel, array[0, 0], f"{name}: integers 0 to 9", colours=drawing.VALUES)
    for row, (gradient, to_gradient) in enumerate((("dx", to_dx), ("dw", to_dw)), start=1):
        names = list(to_gradient)
        for panel, name in zip(axes[row], names, strict=False):
            values = to_gradient[name][0, 0]
            drawing.numbers(panel, values, f"{gradient} by\n{name}", unit=gradient, colours=drawing.VALUES)
        for panel in axes[row, len(names) :]:
            panel.set_axis_off()
        rest = names[5:] or ["(none is installed)"]
        drawing.text_panel(axes[0, 2 + row], f"{gradient}: the same numbers also by", "\n".join(rest))
    drawing.save(figure, out, "many_ways_to_a_gradient")


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("the many ways to a gradient: random integers, float32")
    to_dx, to_dw = check_that_the_ways_agree(frameworks(("tensorflow", "torch", "jax", "onnxruntime", "scipy")))
    for gradient, to_gradient in (("dx", to_dx), ("dw", to_dw)):
        print(f"  {len(to_gradient)} ways to {gradient} agree bit for bit: {'; '.join(to_gradient)}")
    draw(to_dx, to_dw, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
