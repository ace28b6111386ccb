"""Training a transposed layer: forward, backward with a stride, and what one rotated gradient does to a training run.

A transposed convolution and its three gradients equal ``torch.nn.ConvTranspose2d``; each gradient predicts the change
of a linear loss exactly; two layers learn to map a 10x10 input to a 14x14 label; and with the filter gradient rotated
by 180 degrees, the classical slip, the error grows instead.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.reference import conv_bias_grad, conv_transpose, conv_transpose_filter_grad, conv_transpose_input_grad
from convformance.reference.arrays import Array
from examples import drawing
from examples.asking import frameworks, out_folder, same_bits

Turn = Callable[[Array], Array]

STRIDE = (2, 3)
RATE, STEPS = 0.02, 1000
RUNAWAY = 1000.0  # a training run whose error is this many times the first one is stopped


class Parameters(NamedTuple):
    """Of one layer: the filter ``(in, out, *kernel)`` and the bias ``(out,)``."""

    w: Array
    bias: Array


class Gradients(NamedTuple):
    """Of a loss in the input, the filter and the bias of one layer."""

    dx: Array
    dw: Array
    db: Array


class Run(NamedTuple):
    """A training run: the mean squared error before each step, the last output and the label."""

    errors: Array
    output: Array
    label: Array


def forward(x: Array, layer: Parameters, stride: int | tuple[int, ...] = 1) -> Array:
    """Return the layer's output ``(N, out, *large)`` for x ``(N, in, *small)``."""
    return conv_transpose(x, layer.w, bias=layer.bias, stride=stride)


def backward(x: Array, layer: Parameters, dy: Array, stride: int | tuple[int, ...] = 1) -> Gradients:
    """Return the gradients of a loss whose gradient in the output is dy."""
    dx = conv_transpose_input_grad(dy, layer.w, stride=stride)
    dw = conv_transpose_filter_grad(x, dy, kernel_size=layer.w.shape[2:], stride=stride)
    return Gradients(dx, dw, conv_bias_grad(dy))


def random_integers(seed: int, *shapes: tuple[int, ...]) -> list[Array]:
    """Return random integers from -9 to 9, one float64 array for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape).astype(np.float64) for shape in shapes]


def strided_example() -> tuple[Array, Parameters, Array]:
    """Return x ``(2, 4, 5, 6)``, a layer of 4 to 3 channels with a 3x4 kernel, and dy ``(2, 3, 11, 19)``: integers."""
    x, w, bias, dy = random_integers(4, (2, 4, 5, 6), (4, 3, 3, 4), (3,), (2, 3, 11, 19))
    return x, Parameters(w, bias), dy


def by_torch(x: Array, layer: Parameters, dy: Array) -> tuple[Array, Array, Array, Array]:
    """Return the output and the gradients in x, w and bias that ``torch.nn.ConvTranspose2d`` and its autograd give."""
    import torch

    inputs, outputs, *kernel = layer.w.shape
    module: Any = torch.nn.ConvTranspose2d(inputs, outputs, tuple(kernel), STRIDE, dtype=torch.float64)
    module.weight.data, module.bias.data = torch.from_numpy(layer.w), torch.from_numpy(layer.bias)
    leaf: Any = torch.from_numpy(x).requires_grad_()
    y = module(leaf)
    y.backward(torch.from_numpy(dy))
    return y.detach().numpy(), leaf.grad.numpy(), module.weight.grad.numpy(), module.bias.grad.numpy()


def check_that_it_equals_torch() -> None:
    """Compare the output and every gradient with ``torch.nn.ConvTranspose2d``, bit for bit."""
    x, layer, dy = strided_example()
    ours = (forward(x, layer, STRIDE), *backward(x, layer, dy, STRIDE))
    for name, mine, theirs in zip(("y", "dx", "dw", "db"), ours, by_torch(x, layer, dy), strict=True):
        same_bits(f"{name} by torch.nn.ConvTranspose2d", theirs, mine)


def changes(turn: Turn = np.asarray) -> tuple[Array, Array]:
    """Return the predicted and the actual change of the loss ``sum(dy * y)`` for 40 random steps of the filter.

    The loss is linear in the filter and the numbers are integers, so the prediction by the gradient is exact.
    ``turn`` is done to the filter gradient first.
    """
    x, layer, dy = strided_example()
    dw = turn(backward(x, layer, dy, STRIDE).dw)
    steps = random_integers(5, *[layer.w.shape] * 40)
    before = np.sum(dy * forward(x, layer, STRIDE))
    after = [np.sum(dy * forward(x, layer._replace(w=layer.w + step), STRIDE)) for step in steps]
    return np.array([np.sum(dw * step) for step in steps]), np.array(after) - before


def check_that_gradients_predict() -> None:
    """Compare predicted with actual changes of the linear loss for steps of filter, input and bias, bit for bit."""
    same_bits("the change predicted by dw", *changes())
    x, layer, dy = strided_example()
    gradients = backward(x, layer, dy, STRIDE)
    before = np.sum(dy * forward(x, layer, STRIDE))
    x_step, bias_step = random_integers(6, x.shape, layer.bias.shape)
    by_x = np.sum(dy * forward(x + x_step, layer, STRIDE)) - before
    by_bias = np.sum(dy * forward(x, layer._replace(bias=layer.bias + bias_step), STRIDE)) - before
    same_bits("the change predicted by dx", np.sum(gradients.dx * x_step), by_x)
    same_bits("the change predicted by db", np.sum(gradients.db * bias_step), by_bias)


def ring() -> Array:
    """Return the input, ``(1, 1, 10, 10)``: +1 on a ring, -1 elsewhere."""
    row, column = np.mgrid[:10, :10]
    radius = np.hypot(row - 4.2, column - 4.8)
    return np.where((radius > 2.2) & (radius < 4.0), 1.0, -1.0)[None, None]


def two_layers(seed: int, scale: float) -> list[Parameters]:
    """Return two layers of 3x3 kernels, 1 to 2 to 1 channels, the filters drawn from N(0, scale squared)."""
    rng = np.random.default_rng(seed)
    return [Parameters(scale * rng.standard_normal((i, o, 3, 3)), np.zeros(o)) for i, o in ((1, 2), (2, 1))]


def through(x: Array, layers: list[Parameters]) -> list[Array]:
    """Return x and the output of every layer, each the input of the next: 10x10, 12x12, 14x14."""
    passed = [x]
    for layer in layers:
        passed.append(forward(passed[-1], layer))
    return passed


def descended(layers: list[Parameters], passed: list[Array], dy: Array, turn: Turn) -> list[Parameters]:
    """Return the layers after one step against their gradients; ``turn`` is done to filter gradients."""
    after = []
    for layer, x in zip(reversed(layers), reversed(passed[:-1]), strict=True):
        gradients = backward(x, layer, dy)
        after.append(Parameters(layer.w - RATE * turn(gradients.dw), layer.bias - RATE * gradients.db))
        dy = gradients.dx
    return after[::-1]


def trained(turn: Turn = np.asarray) -> Run:
    """Return a run of gradient descent towards a label that two other layers made of the same input."""
    x = ring()
    label = through(x, two_layers(0, 1.0))[-1]
    label /= label.std()
    layers, errors = two_layers(1, 0.3), []
    for _ in range(STEPS):
        passed = through(x, layers)
        difference = passed[-1] - label
        errors.append(np.mean(difference**2))
        if errors[-1] > RUNAWAY * errors[0]:
            break
        layers = descended(layers, passed, 2 * difference / difference.size, turn)
    return Run(np.array(errors), passed[-1], label)


def rotated(dw: Array) -> Array:
    """Return the filter gradient rotated by 180 degrees: the slip."""
    return np.flip(dw, axis=(2, 3))


def check_that_training_works() -> tuple[Run, Run]:
    """Return both runs: with the gradient the error falls at every step, with the rotated one it runs away."""
    right, wrong = trained(), trained(rotated)
    first, last = right.errors[0], right.errors[-1]
    assert np.all(np.diff(right.errors) < 0), f"the error rises at step {np.argmax(np.diff(right.errors) >= 0)}"
    assert last < first / 100, f"the error only falls from {first:.3g} to {last:.3g}"
    first, last = wrong.errors[0], wrong.errors[-1]
    assert last > RUNAWAY * first, f"with the rotated gradient the error ends at {last:.3g}"
    return right, wrong


def draw(right: Run, wrong: Run, out: Path) -> None:
    """Draw the input, the label, the output and the errors of both runs, and predicted against actual changes."""
    figure, axes = drawing.panels("Training a transposed layer: one rotated gradient is enough", 2, 3, (15, 9))
    drawing.image(axes[0, 0], ring()[0, 0], "the input, 10x10", colours=drawing.SIGNED)
    largest = float(np.abs(right.label).max())
    scale: dict[str, Any] = {"colours": drawing.SIGNED, "vmin": -largest, "vmax": largest}
    drawing.image(axes[0, 1], right.label[0, 0], "the label, 14x14", **scale)
    drawing.image(axes[0, 2], right.output[0, 0], "what was learnt", **scale)
    title = f"with the rotated gradient, {wrong.errors.size} steps"
    drawing.image(axes[1, 0], wrong.output[0, 0], title, colours=drawing.SIGNED)
    _draw_errors(axes[1, 1], right, wrong)
    _draw_changes(axes[1, 2])
    drawing.save(figure, out, "training_a_transposed_layer")


def _draw_errors(panel: Axes, right: Run, wrong: Run) -> None:
    drawing.label_axes(panel, "the error while training", across="step", up="mean squared error")
    for run, colour, name in ((right, drawing.BLUE, "the gradient"), (wrong, drawing.RED, "rotated by 180 degrees")):
        panel.loglog(np.arange(1, run.errors.size + 1), run.errors, color=colour, linewidth=2.5, label=name)
    panel.legend(loc="center right")


def _draw_changes(panel: Axes) -> None:
    across, up = "predicted change of the loss", "actual change of the loss"
    drawing.label_axes(panel, "40 steps of the filter", across=across, up=up)
    panel.plot(*changes(), "o", color=drawing.BLUE, label="dw")
    panel.plot(*changes(rotated), "x", color=drawing.RED, label="dw rotated")
    panel.axline((0, 0), slope=1, color=drawing.BLACK, linewidth=1, label="predicted = actual")
    panel.legend()


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("training a transposed layer: stride (2, 3), then two layers from 10x10 to 14x14")
    if frameworks(("torch",)):
        check_that_it_equals_torch()
        print("  the output and all three gradients equal torch.nn.ConvTranspose2d, bit for bit")
    check_that_gradients_predict()
    print("  every gradient predicts the change of a linear loss exactly")
    right, wrong = check_that_training_works()
    first, last = right.errors[0], right.errors[-1]
    print(f"  the error falls at every step, from {first:.3g} to {last:.2g} in {right.errors.size} steps")
    print(f"  with the rotated filter gradient it grows to {wrong.errors[-1]:.2g} in {wrong.errors.size} steps")
    draw(right, wrong, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
