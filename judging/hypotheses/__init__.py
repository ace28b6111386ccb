"""Every named mistake, the simplest first."""

from convformance.judging.hypotheses import (
    biases,
    borders,
    channels,
    circular,
    complex_numbers,
    extent,
    following,
    form,
    integers,
    kernel,
    mixing,
    padding,
    position,
    process,
    ranges,
    sides,
    stepping,
    sums,
    windows,
)
from convformance.judging.hypotheses.hypothesis import Hypothesis

# The order decides between mistakes that explain as much: what is plainer stands first.
MISTAKES: tuple[Hypothesis, ...] = (
    *process.HYPOTHESES,
    *ranges.HYPOTHESES,
    *form.HYPOTHESES,
    *integers.HYPOTHESES,
    *complex_numbers.HYPOTHESES,
    *following.HYPOTHESES,
    *sums.HYPOTHESES,
    *biases.HYPOTHESES,
    *kernel.HYPOTHESES,
    *sides.SWAPPED,
    *borders.HYPOTHESES,
    *padding.HYPOTHESES,
    *borders.OF_ZERO,
    *circular.HYPOTHESES,
    *stepping.HYPOTHESES,
    *windows.HYPOTHESES,
    *channels.HYPOTHESES,
    *mixing.HYPOTHESES,
    *extent.HYPOTHESES,
    *sides.HYPOTHESES,
    *padding.OFF_BY_ONE,
    *position.HYPOTHESES,
)
# Looked for where none of those matches: any other number in place of the one asked for.
GENERAL: tuple[Hypothesis, ...] = (*padding.GENERAL, *stepping.GENERAL)
# Where an answer is wrong: worth less than anything that reproduces it.
LOCATIONS: tuple[Hypothesis, ...] = position.LOCATIONS

HYPOTHESES = (*MISTAKES, *GENERAL, *LOCATIONS, form.WRONG_SHAPE, process.RAISES)
BY_NAME: dict[str, Hypothesis] = {hypothesis.name: hypothesis for hypothesis in HYPOTHESES}
