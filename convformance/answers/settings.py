"""What is stated beside the arrays: the geometry of an operation and how it is to be computed, each by its name.

``Stated`` are the keywords of functions, for type checkers; ``Settings`` has their defaults.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import ParamSpec, TypedDict, TypeVar

from convformance.answers.grading import BOUNDS
from convformance.judging.formats import FORMATS
from convformance.reference.geometry import Padding
from convformance.reference.operation import check_operation
from convformance.reference.problem_from_arrays import PerAxis

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Stated(TypedDict, total=False):
    """The keywords; see ``assert_close``."""

    op: str
    stride: PerAxis
    padding: Padding
    dilation: PerAxis
    groups: int
    size: PerAxis | None
    layout: str | None
    filter_layout: str | None
    dtype: str | None
    accumulator: str | None
    inputs: str | None
    grade: str | None


@dataclass(frozen=True)
class Settings:
    """What is stated, None for what follows from the arrays.

    Raises ValueError naming the keyword, its value and what is allowed.
    """

    op: str = "conv"
    stride: PerAxis = 1
    padding: Padding = 0
    dilation: PerAxis = 1
    groups: int = 1
    size: PerAxis | None = None
    layout: str | None = None
    filter_layout: str | None = None
    dtype: str | None = None
    accumulator: str | None = None
    inputs: str | None = None
    grade: str | None = None

    def __post_init__(self) -> None:
        check_operation(self.op)
        if self.grade not in (None, *BOUNDS):
            raise ValueError(f"grade={self.grade!r}; allowed: {', '.join(BOUNDS)}")
        if self.inputs not in (None, *FORMATS):
            raise ValueError(f"inputs={self.inputs!r}; allowed: {', '.join(FORMATS)}")

    def with_grade(self, grade: str) -> "Settings":
        """Return the settings with that grade where none is stated."""
        return replace(self, grade=self.grade or grade)


def taking_settings(grade: str | None = None) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Let ``help()`` show by name what a function takes as ``**stated: Unpack[Stated]``; ``grade`` is its default."""

    def named(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        signature = _with_settings(inspect.signature(function), grade)

        @wraps(function)
        def checked(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Result:
            __tracebackhide__ = True
            unknown = [name for name in keywords if name not in signature.parameters]
            if unknown:
                raise TypeError(f"{function.__name__}() got an unexpected keyword argument {unknown[0]!r}")
            return function(*arguments, **keywords)

        checked.__signature__ = signature  # type: ignore[attr-defined]
        return checked

    return named


def _with_settings(own: inspect.Signature, grade: str | None) -> inspect.Signature:
    arrays = [each for each in own.parameters.values() if each.kind != inspect.Parameter.VAR_KEYWORD]
    settings = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(Settings)
    ]
    shown = [each.replace(default=grade) if each.name == "grade" else each for each in settings]
    return own.replace(parameters=[*arrays, *shown])
