"""Which other stride, padding, layout or operation an answer has the shape of, where it has not the one expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import numpy as np

from convformance.adapters.layouts import result_role
from convformance.answers.grading import compare, is_within
from convformance.answers.question import Question, question
from convformance.answers.settings import Settings
from convformance.checking.layouts import SPATIAL
from convformance.judging.grades import COMPONENTWISE
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERATIONS

_SHOWN = 3
_CHECKED = 24  # suggestions whose numbers are looked at
_LARGEST = 2**28  # multiplications of a suggestion whose numbers are looked at

# Changed settings, as text for the command line and as values.
_PADDINGS = ("same", "valid", "full", *range(1, 8), "same_lower")
_STRIDES = _DILATIONS = (1, 2, 3, 4)
_LAYOUTS = (("NC*", "*IO"), ("N*C", "*IO"), ("N*C", "OI*"), ("N*C", "O*I"), ("NC*", "IO*"), ("*C", "*IO"))


@dataclass(frozen=True)
class Suggestion:
    """Settings in which the answer has the right shape; ``right``: its numbers are within the bound, too."""

    changes: Mapping[str, Any]
    right: bool

    @property
    def text(self) -> str:
        """The changes as options of the command line."""
        return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in self.changes.items())


def suggestions(settings: Settings, operands: Mapping[str, Any], answer: Array) -> list[Suggestion]:
    """Return the plainest settings in which ``answer`` fits, those first in which its numbers are right as well."""
    fitting: list[Suggestion] = []
    for changes in _variants(settings, operands, answer):
        asked = _question(replace(settings, **changes), operands, answer)
        if asked is not None and len(fitting) < _CHECKED and not _is_known(changes, fitting):
            fitting.append(Suggestion(changes, _is_right(asked, answer)))
    ordered = sorted(fitting, key=lambda each: (not each.right, len(each.changes)))
    right = [each for each in ordered if each.right]
    # Two changes whose numbers are wrong as well say nothing.
    return right[:1] or [each for each in ordered if len(each.changes) == 1][:_SHOWN]


def _is_known(changes: Mapping[str, Any], fitting: list[Suggestion]) -> bool:
    """Whether a part of these changes is enough for the shape."""
    return any(each.changes.items() <= changes.items() for each in fitting)


def _question(settings: Settings, operands: Mapping[str, Any], answer: Array) -> Question | None:
    try:
        asked = question(settings, operands, result=answer)
    except ValueError:
        return None
    return asked if asked.own_shape() == answer.shape and 0 not in asked.shape else None


def _is_right(asked: Question, answer: Array) -> bool:
    if asked.problem.multiplications > _LARGEST:
        return False
    value = asked.layouts.canonical(answer, result_role(asked.op))
    with np.errstate(all="ignore"):
        result = compare(asked.trial, value, asked.precision)
        return is_within(result, asked.trial.tolerance(COMPONENTWISE, asked.precision))


def _variants(settings: Settings, operands: Mapping[str, Any], answer: Array) -> Iterator[dict[str, Any]]:
    """Yield changes of one setting, then of two."""
    single = list(_single(settings, operands, answer))
    yield from single
    for first, second in product(single, single):
        if list(first) < list(second):
            yield {**first, **second}


def _single(settings: Settings, operands: Mapping[str, Any], answer: Array) -> Iterator[dict[str, Any]]:
    current = {field.name: getattr(settings, field.name) for field in fields(settings)}
    for name, values in (("padding", _PADDINGS), ("stride", _STRIDES), ("dilation", _DILATIONS)):
        yield from ({name: value} for value in values if value != current[name])
    yield from ({"groups": groups} for groups in _groups(operands) if groups != settings.groups)
    axes = max(answer.ndim, *(np.ndim(value) for value in operands.values() if value is not None))
    spatial = SPATIAL[-max(axes - 2, 1) :]
    for pair in _LAYOUTS:
        layout, filter_layout = (letters.replace("*", spatial) for letters in pair)
        yield {"layout": layout, "filter_layout": filter_layout}
    stated = {name for name, value in operands.items() if value is not None}
    same = (name for name in OPERATIONS if set(BY_NAME[name].operands) == stated - {"bias"} and name != settings.op)
    yield from ({"op": name} for name in same)


def _groups(operands: Mapping[str, Any]) -> list[int]:
    """Return the numbers of groups that the channels of both operands may mean."""
    shapes = [np.shape(value) for name, value in operands.items() if value is not None and name != "bias"]
    channels = {size for shape in shapes for size in shape[:2]}
    return sorted({larger // smaller for larger in channels for smaller in channels if smaller and larger > smaller})
