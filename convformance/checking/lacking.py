"""What was never asked, in words that a person can act on: whatever no question showed could hide a mistake."""

import re
from collections.abc import Callable, Iterator, Sequence

from convformance.checking.layouts import Layouts
from convformance.checking.questions import Question
from convformance.checking.target import FunctionUnderTest
from convformance.judging.conditions import QuestionParameters

Shows = Callable[[QuestionParameters], bool]

# What some question should show, its name among what can be stated, and what an entry that says it already begins with.
_FEATURES: tuple[tuple[str, str, str, Shows], ...] = (
    ("stride above 1", "stride", r"stride$|stride other|filter gradients", lambda asked: _above_one(asked.stride)),
    ("padding", "padding", r"padding$|padding other", lambda asked: any(map(any, asked.padding))),
    ("dilation above 1", "dilation", r"dilation$|dilation other|filter gradients", lambda a: _above_one(a.dilation)),
    ("groups above 1", "groups", r"groups$|groups other", lambda asked: asked.groups > 1),
    ("more than one input channel", "in_channels", r"more than one channel", lambda asked: asked.in_channels > 1),
    ("more than one output channel", "out_channels", r"more than one channel$", lambda asked: asked.out_channels > 1),
    ("more than one image in a batch", "batch", r"more than one image", lambda asked: asked.batch > 1),
    ("kernels of more than one element", "kernel_size", r"kernels$", lambda asked: _above_one(asked.kernel_size)),
    ("even kernels", "kernel_size", r"kernels$", lambda asked: any(size % 2 == 0 for size in asked.kernel_size)),
    ("rectangular kernels", "kernel_size", r"kernels of unequal", lambda asked: len(set(asked.kernel_size)) > 1),
    ("inputs whose sides differ", "input_size", r"inputs$", lambda asked: len(set(asked.input_size)) > 1),
)
_ROLES = {"stride", "padding", "dilation", "groups"}
_LETTERS = {"in_channels": "I", "out_channels": "O"}
_OF_CHANNELS = {*_LETTERS, "groups"}


def not_asked(function: FunctionUnderTest, questions: Sequence[Question], unasked: int) -> list[str]:
    """Return what no question showed, and why, if that is known."""
    lacking = list(function.capabilities.lacks())
    lacking += _never_shown(function, questions, lacking)
    by_call = [each for each in questions if each.refused and each.origin and each.origin.by_call]
    if by_call:
        reason = by_call[0].origin.message if by_call[0].origin else ""
        lacking.append(f"{len(by_call)} questions that the call refused ({reason})")
    if unasked:
        seconds = function.spec.seconds
        lacking.append(f"{unasked} larger questions (the time of {seconds:g} s was used: seconds=)")
    return lacking


def _never_shown(function: FunctionUnderTest, questions: Sequence[Question], lacking: Sequence[str]) -> Iterator[str]:
    """Yield what none of the questions showed, where neither the user nor the function says it already."""
    capabilities = function.capabilities
    asked = [each.parameters for each in questions]  # what is refused, or raises, is said elsewhere
    said = [part.split(" (")[0] for entry in lacking for part in entry.split(", ")]
    layouts = capabilities.layouts
    for label, name, covered, shows in _FEATURES:
        by_axis = layouts.rank == 1 and label in ("rectangular kernels", "inputs whose sides differ")
        of_image = layouts.shared and name in _OF_CHANNELS  # each channel is asked as an image of its own
        if name in capabilities.stated or by_axis or of_image or any(re.match(covered, part) for part in said):
            continue
        if asked and not any(map(shows, asked)):
            yield label if name in _ROLES else f"{label} ({_reason(name, layouts)})"


def _above_one(numbers: Sequence[int]) -> bool:
    return max(numbers, default=0) > 1


def _reason(name: str, layouts: Layouts) -> str:
    letter = _LETTERS.get(name, "")
    if letter and not {letter, "C"} & set(layouts.filters):
        return "not in the filter layout: --filter-layout"
    return "no question has any"
