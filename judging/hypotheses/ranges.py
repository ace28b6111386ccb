"""Mistakes with numbers from the ends of a type's range, which answers to numbers of ordinary size do not show."""

from convformance.judging.hypotheses.hypothesis import Hypothesis, unchanged

HYPOTHESES = (
    Hypothesis(
        "nan-for-infinity",
        "NaN stands where the sum leaves the range of the type, and infinity is due.",
        "Look for infinities of both signs that meet: blocks that are summed apart, a difference, a transform.",
        unchanged,
    ),
    Hypothesis(
        "sign-of-infinity",
        "A sum leaves the range of the type, and infinity stands with the other sign.",
        "Look for an absolute value, or an unsigned type, behind the sum.",
        unchanged,
    ),
    Hypothesis(
        "saturated",
        "A number stands where the sum leaves the range of the type, and infinity is due.",
        "Let the result overflow: a clip to the largest number hides that it did.",
        unchanged,
    ),
    Hypothesis(
        "small-numbers-flushed",
        "Zero stands where the result is a small number, though a normal one.",
        "Look for a comparison with a small number, or for a format of fewer exponents on the way.",
        unchanged,
    ),
    Hypothesis(
        "subnormals-flushed",
        "Subnormal operands are taken for 0.",
        "Leave the processor's modes that flush subnormal numbers off, or say that they are on.",
        unchanged,
    ),
    Hypothesis(
        "range-dependent",
        "The result is right for numbers of ordinary size, and wrong for the same times powers of two.",
        "Look for a format of fewer exponents on the way, for a transform that mixes images or channels of different "
        "size, and for numbers that are compared with a constant.",
        unchanged,
    ),
)
