"""What was never asked, in words that a person can act on: whatever no question showed could hide a mistake."""

from collections.abc import Callable, Iterator, Sequence

from convformance.checking.questions import Question
from convformance.checking.target import FunctionUnderTest
from convformance.judging.conditions import QuestionParameters

Shows = Callable[[QuestionParameters], bool]

# What some question should show, and the word by which an entry of the function's own says it already.
_FEATURES: tuple[tuple[str, str, Shows], ...] = (
    ("stride above 1", "stride", lambda asked: max(asked.stride, default=0) > 1),
    ("padding", "padding", lambda asked: any(map(any, asked.padding))),
    ("dilation above 1", "dilation", lambda asked: max(asked.dilation, default=0) > 1),
    ("groups above 1", "groups", lambda asked: asked.groups > 1),
    ("more than one input channel", "channels", lambda asked: asked.in_channels > 1),
    ("more than one output channel", "channels", lambda asked: asked.out_channels > 1),
    ("more than one image in a batch", "batch", lambda asked: asked.batch > 1),
    ("kernels of more than one element", "kernel", lambda asked: max(asked.kernel_size, default=0) > 1),
    ("even kernels", "kernel", lambda asked: any(size % 2 == 0 for size in asked.kernel_size)),
    ("rectangular kernels", "kernel", lambda asked: len(set(asked.kernel_size)) > 1),
    ("inputs whose sides differ", "input", lambda asked: len(set(asked.input_size)) > 1),
)
_ROLES = {"stride", "padding", "dilation", "groups"}


def not_asked(function: FunctionUnderTest, questions: Sequence[Question], unasked: int) -> list[str]:
    """Return what no answered question showed, and why, if that is known."""
    lacking = list(function.capabilities.lacks())
    lacking += _left_at_default(function, lacking)
    lacking += _never_shown(function, questions, lacking)
    by_call = [each for each in questions if each.refused and each.origin and each.origin.by_call]
    if by_call:
        reason = by_call[0].origin.message if by_call[0].origin else ""
        lacking.append(f"{len(by_call)} questions that the call refused ({reason})")
    if unasked:
        seconds = function.spec.seconds
        lacking.append(f"{unasked} larger questions (the time of {seconds:g} s was used: seconds=)")
    return lacking


def _left_at_default(function: FunctionUnderTest, lacking: Sequence[str]) -> Iterator[str]:
    """Yield the parameters that stay at their defaults because nobody knows what they stand for."""
    capabilities = function.capabilities
    if function.spec.call is not None:
        return
    names = [
        parameter.name
        for parameter in capabilities.signature.parameters
        if parameter.role is None and not parameter.required and parameter.name not in capabilities.stated
    ]
    unsaid = [name for name in names if not any(name in entry for entry in lacking)]
    if unsaid:
        them = "it" if len(unsaid) == 1 else "them"
        yield (
            f"{', '.join(unsaid)} (not known, left at the default; --fixed {unsaid[0]}=VALUE gives {them} a value, "
            f"--call says what {them} stands for)".replace("them stands", "they stand")
        )


def _never_shown(function: FunctionUnderTest, questions: Sequence[Question], lacking: Sequence[str]) -> Iterator[str]:
    """Yield what none of the questions showed, where neither the user nor the function says it already."""
    capabilities = function.capabilities
    asked = [each.parameters for each in questions if each.is_answered or each.refused]  # a refusal is said elsewhere
    said = " ".join(lacking)
    rank = capabilities.layouts.rank
    for label, word, shows in _FEATURES:
        stated = word in capabilities.stated or (word == "kernel" and "kernel_size" in capabilities.stated)
        by_axis = rank == 1 and label in ("rectangular kernels", "inputs whose sides differ")
        if stated or by_axis or word in said or any(map(shows, asked)) or not asked:
            continue
        yield label if word in _ROLES else f"{label} ({_reason(word)})"


def _reason(word: str) -> str:
    return {"channels": "not in the filter layout: --filter-layout", "batch": "one image a call"}.get(
        word, "no such question was answered"
    )
