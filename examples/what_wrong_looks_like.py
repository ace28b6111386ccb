"""What a wrong convolution looks like: four classical mistakes on one image, beside the truth, and where they differ.

Each answer is right in shape and dtype and looks plausible by itself. The judge tells it from the truth by the error
that rounding alone could make.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.judging.bounds import Trial
from convformance.judging.formats import FORMATS, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, WRONG
from convformance.judging.grading import grade_fill
from convformance.judging.judgement import FillResult
from convformance.reference import Problem, conv, conv_filter_grad, conv_input_grad
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from convformance.test_cases.fills import Operands
from examples import drawing
from examples.asking import out_folder
from examples.scene import grey, scene

HEIGHT, WIDTH = 96, 128
SINGLE = Precision(FORMATS["float32"], FORMATS["float32"])

# Light from the lower right; rotated by 180 degrees it comes from the upper left.
RELIEF = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
SOFT = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
BLUR = np.outer([1, 2, 1], [1, 2, 1]) / 16


class Mistake(NamedTuple):
    """A slip, the question it is made on, and the wrong answer to it."""

    name: str
    shown: str
    operation: str
    problem: Problem
    operands: tuple[Array, ...]
    wrong: Callable[..., Array]


def photograph(height: int, width: int) -> Array:
    """Return the image in grey, ``(1, 1, height, width)``, float32."""
    return grey(scene(height, width))[None, None].astype(np.float32)


def as_filter(kernel: Array) -> Array:
    """Return a kernel as a filter of one channel to one, float32."""
    return kernel[None, None].astype(np.float32)


def not_rotated(dy: Array, w: Array) -> Array:
    """Return the input gradient with the kernel as the forward pass has it."""
    return conv(dy, w, padding=1)


def stride_ignored(dy: Array, w: Array) -> Array:
    """Return the input gradient of stride 1: a small picture in a corner of the input."""
    dx = np.zeros((1, 1, HEIGHT, WIDTH), dy.dtype)
    size = [small + kernel - 3 for small, kernel in zip(dy.shape[2:], w.shape[2:], strict=True)]
    dx[:, :, : size[0], : size[1]] = conv_input_grad(dy, w, input_size=size, padding=1)
    return dx


def other_side(x: Array, w: Array) -> Array:
    """Return the convolution with SAME's odd row and column of zeros before the image instead of after it."""
    return conv(x, w, stride=2, padding="same_lower")


def first_image_only(x: Array, dy: Array) -> Array:
    """Return the filter gradient of the first image, the others of the batch left out."""
    kernel = [large - small + 1 for large, small in zip(x.shape[2:], dy.shape[2:], strict=True)]
    return conv_filter_grad(x[:1], dy[:1], kernel_size=kernel)


def mistakes() -> tuple[Mistake, ...]:
    """Return the four, each on the same image."""
    image = photograph(HEIGHT, WIDTH)
    size = image.shape[2:]
    relief = Problem.of(input_size=size, kernel_size=3, padding=1)
    halved = Problem.of(input_size=size, kernel_size=4, stride=2, padding=1)
    same = Problem.of(input_size=size, kernel_size=3, stride=2, padding="same_upper")
    batch = np.concatenate([image, image[..., ::-1]])
    summed = Problem.of(input_size=size, kernel_size=(64, 96), batch=2)
    spot = np.zeros(summed.output_shape, np.float32)
    spot[:, :, 14:17, 15:18] = 1 / 9
    small = photograph(*halved.output_size)
    return (
        Mistake("the kernel is not rotated", "dx", "conv_input_grad", relief, (image, as_filter(RELIEF)), not_rotated),
        Mistake(
            "the stride is ignored backwards",
            "dx",
            "conv_input_grad",
            halved,
            (small, as_filter(SOFT)),
            stride_ignored,
        ),
        Mistake("SAME is split on the wrong side", "y", "conv", same, (image, as_filter(BLUR)), other_side),
        Mistake("the batch is not summed", "dw", "conv_filter_grad", summed, (batch, spot), first_image_only),
    )


def judge(mistake: Mistake, answer: Array) -> FillResult:
    """Return the judge's grade for an answer to the question that ``mistake`` is made on, in float32."""
    trial = Trial(mistake.operation, mistake.problem, "photograph", Operands(mistake.operands), SINGLE)
    return grade_fill(trial, answer)


def check_that_the_judge_tells(mistake: Mistake) -> tuple[Array, Array, float]:
    """Return the truth, which the judge accepts, and the wrong answer, with its largest error over the allowed one."""
    truth = apply(mistake.operation, mistake.problem, *mistake.operands)
    wrong = mistake.wrong(*mistake.operands)
    assert wrong.shape == truth.shape, f"{mistake.name}: {wrong.shape} and not {truth.shape}"
    assert judge(mistake, truth).grade == CONFORMANT, f"the truth is called {judge(mistake, truth).grade}"
    result = judge(mistake, wrong)
    assert result.grade == WRONG, f"{mistake.name}: called {result.grade}"
    return truth, wrong, float(result.share(result.trial.tolerance(COMPONENTWISE, SINGLE)).max())


def one_digit(times: float) -> str:
    """Return a large number to one digit: 30,000,000."""
    return f"{float(f'{times:.1g}'):,.0f}"


def draw(results: list[tuple[Mistake, tuple[Array, Array, float]]], out: Path) -> None:
    """Draw, for each mistake, the truth, the answer on the same scale, and the error."""
    figure, axes = drawing.panels("What a wrong convolution looks like", len(results), 3, (13.5, 12.5))
    for panels, (mistake, (truth, wrong, times)) in zip(axes, results, strict=True):
        values: dict[str, Any] = {"unit": mistake.shown, "colours": drawing.GREYS}
        drawing.image(panels[0], truth[0, 0], f"the truth: {mistake.operation}", **values)
        drawing.image(panels[1], wrong[0, 0], f"the answer: {mistake.name}", **values)
        errors: dict[str, Any] = {"unit": f"|error| of {mistake.shown}", "colours": drawing.ERRORS}
        title = f"the error: up to {one_digit(times)} times the allowed one"
        drawing.image(panels[2], np.abs(wrong - truth)[0, 0], title, **errors)
    drawing.save(figure, out, "what_wrong_looks_like")


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("what a wrong convolution looks like: four mistakes on one image, float32")
    results = [(mistake, check_that_the_judge_tells(mistake)) for mistake in mistakes()]
    for mistake, (_, _, times) in results:
        allowed = f"{one_digit(times)} times the allowed one"
        print(f"  {mistake.name}: judged wrong, errors up to {allowed}; the truth: conformant")
    draw(results, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
