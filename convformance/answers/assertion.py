"""``assert_close`` and ``bound``: the right tolerance for a test of anybody's convolution."""

from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from convformance.adapters.layouts import result_role
from convformance.answers.explaining import explain_answer
from convformance.answers.grading import allowed, compare, holds_special, is_within
from convformance.answers.question import Misfit, number_array, question
from convformance.answers.settings import Settings, Stated, taking_settings
from convformance.judging.grades import COMPONENTWISE
from convformance.reference.arrays import Array


@taking_settings(COMPONENTWISE)
def assert_close(
    answer: Any,
    x: Any = None,
    w: Any = None,
    *,
    dy: Any = None,
    bias: Any = None,
    **stated: Unpack[Stated],
) -> None:
    """Raise AssertionError unless ``answer`` differs from ``op`` on the operands by no more than rounding explains.

    - ``op``: ``conv`` and ``conv_transpose`` read x, w and a bias; ``conv_input_grad`` and
      ``conv_transpose_input_grad`` dy and w; ``conv_filter_grad`` and ``conv_transpose_filter_grad`` x and dy;
      ``conv_bias_grad`` dy. Arrays may be of any library that NumPy reads.
    - ``stride``, ``dilation``: a number, or one for each axis; ``padding`` also ``(lo, hi)`` pairs or ``same``,
      ``same_lower``, ``valid``, ``full``.
    - ``size``: the spatial size of a result that operands and stride leave open, which is an input gradient, a filter
      gradient or a transposed convolution; by default the answer's own.
    - ``layout`` and ``filter_layout``: the letters N, C, D, H, W and O, I, D, H, W in the arrays' order; by default
      ``NCHW`` and ``OIHW`` for as many axes as there are.
    - ``dtype``: that of the answer, where it is stored in a wider one. ``accumulator``: what sums are kept in, float64
      for float64 and else float32. ``inputs``: what operands are rounded to before they are multiplied, such as
      ``tfloat32`` or ``bfloat16``.
    - ``grade``: ``componentwise``, which holds of every direct algorithm on any data; ``norm-wise`` for Winograd and
      FFT; ``conformant``, the size that errors have where the order of the terms is chance.

    The message says what explains the difference. Raises ValueError for what cannot be judged.
    """
    __tracebackhide__ = True
    settings = Settings(**stated).with_grade(COMPONENTWISE)
    operands = {"x": x, "w": w, "dy": dy, "bias": bias}
    if not _is_close(settings, answer, operands):
        explanation = explain_answer(settings, answer, operands)
        if not explanation.ok:
            raise AssertionError(str(explanation))


def _is_close(settings: Settings, answer: Any, operands: dict[str, Any]) -> bool:
    """Whether the bound holds, in as few runs of the operation as can be; False where it takes a closer look."""
    value = number_array("the answer", answer)
    try:
        asked = question(settings, operands, result=value)
    except Misfit:
        return False
    canonical = asked.layouts.canonical(value, result_role(asked.op))
    if canonical.shape != asked.shape or not canonical.size or holds_special(asked.trial):
        return False
    with np.errstate(all="ignore"):
        result = compare(asked.trial, canonical, asked.precision)
        return is_within(result, allowed(asked.trial, settings.grade or COMPONENTWISE, asked.precision))


@taking_settings(COMPONENTWISE)
def bound(
    x: Any = None,
    w: Any = None,
    *,
    dy: Any = None,
    bias: Any = None,
    **stated: Unpack[Stated],
) -> Array:
    """Return how far each element of a right answer may lie from the truth, in float64 and in the answer's layout.

    The unit is that of the result. ``dtype`` is the answer's, by default that of the first operand. A filter gradient
    needs its ``size``; what has the size of a convolution's input has the smallest one by default. See ``assert_close``
    for the rest.
    """
    operands = {"x": x, "w": w, "dy": dy, "bias": bias}
    settings = Settings(**stated).with_grade(COMPONENTWISE)
    if settings.dtype is None:
        first = number_array("the first operand", next((each for each in (x, dy) if each is not None), w))
        settings = replace(settings, dtype="float64" if first.dtype.kind in "iu" else first.dtype.name)
    asked = question(settings, operands)
    return asked.own(allowed(asked.trial, settings.grade or COMPONENTWISE, asked.precision))
