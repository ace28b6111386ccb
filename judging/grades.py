"""The grades: one table, from which everything that depends on a grade's name is derived."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Grade:
    """What a verdict may say of a question.

    ``rank`` orders the grades of accuracy, 0 for right, None for a grade that is not one of them; ``answered``: there
    was an answer, which was looked at number by number; ``right``: that answer is the convolution asked for, however
    accurate; ``clean``: it counts against nobody. ``severity`` orders findings, 0 for the worst: a wrong answer that
    looks like a right one is worse than none. ``symbol``, ``tone`` (its colour and icon on the page) and ``sentence``
    are for reports.
    """

    name: str
    severity: int
    symbol: str
    tone: str
    sentence: str
    rank: int | None = None
    answered: bool = False
    right: bool = False
    clean: bool = False


def _measured(
    name: str, severity: int, symbol: str, tone: str, sentence: str, *, rank: int | None, clean: bool = False
) -> Grade:
    return Grade(name, severity, symbol, tone, sentence, rank=rank, answered=True, right=name != "wrong", clean=clean)


TABLE = (
    _measured(
        "conformant",
        9,
        "✓",
        "good",
        "Bit for bit right on the exact fills, and within the bound of a stable algorithm on random data.",
        rank=0,
        clean=True,
    ),
    _measured(
        "low-precision",
        7,
        "↓",
        "narrow",
        "Right for arithmetic less precise than expected, in sums, inputs or the last rounding; which one is named.",
        rank=None,
    ),
    _measured(
        "componentwise",
        6,
        "\N{TILDE OPERATOR}",
        "loose",
        "Within the worst-case bound of a direct algorithm, element by element, but not within the statistical one.",
        rank=1,
    ),
    _measured(
        "norm-wise",
        5,
        "≈",
        "looser",
        "Accurate only relative to the largest element, as Winograd and FFT algorithms are.",
        rank=2,
    ),
    _measured("wrong", 0, "✗", "bad", "Outside every bound: this is not the convolution that was asked for.", rank=3),
    Grade(
        "refused", 8, "⊘", "declined", "The framework said, in a clean error, that it does not offer this.", clean=True
    ),
    Grade("crashed", 1, "↯", "dead", "The process died while it answered."),
    Grade("timed-out", 4, "◷", "late", "No answer within the time allowed."),
    Grade("error", 3, "!", "broken", "An exception that is no refusal."),
    Grade("accepted", 2, "?", "bad", "A result where the arguments have no meaning, or another than what they mean."),
)
BY_NAME = {grade.name: grade for grade in TABLE}
GRADES = tuple(BY_NAME)
CONFORMANT, LOW_PRECISION, COMPONENTWISE, NORM_WISE, WRONG, REFUSED, CRASHED, TIMED_OUT, ERROR, ACCEPTED = GRADES

# From right to wrong.
ACCURACY = tuple(grade.name for grade in sorted(TABLE, key=lambda grade: grade.rank or 0) if grade.rank is not None)
# Worst first.
SEVERITY = tuple(grade.name for grade in sorted(TABLE, key=lambda grade: grade.severity))
ANSWERED = tuple(grade.name for grade in TABLE if grade.answered)
UNANSWERED = tuple(grade.name for grade in TABLE if not grade.answered and not grade.clean)
RIGHT = tuple(grade.name for grade in TABLE if grade.right)
CLEAN = tuple(grade.name for grade in TABLE if grade.clean)
# Right but for rounding, as a fast algorithm is.
INACCURATE = tuple(grade for grade in ACCURACY if grade in RIGHT and grade not in CLEAN)


def is_at_least(grade: str, least: str) -> bool:
    """Whether ``grade`` is as accurate as ``least``; a grade that says nothing of accuracy is not."""
    return grade in ACCURACY and ACCURACY.index(grade) <= ACCURACY.index(least)


def worst(grades: Iterable[str]) -> str:
    """Return the grade of accuracy that is furthest from right."""
    return max(grades, key=ACCURACY.index)
