"""Messages of several lines: the line that says the cause comes first, banners and stack traces go."""

import pytest

from convformance.processes.loading import error_text
from convformance.processes.messages import without_banners

PLAIN = [
    "",
    "groups must be 1",
    "conv(): incompatible function arguments. The following are supported:\n    1. (a: int)\n\nInvoked with: 3",
    "Computed output size would be negative: -1\ninput: 3",
]
CAUSES = {
    "a file of C++": (
        "Exception from src/inference/src/cpp/core.cpp:99:\nCheck 'shape.ok()' failed at src/core/op.cpp:12:\n"
        "While validating node 'opset1::Multiply M_1 (x[0]) -> ()' with friendly_name 'M_1':\n"
        "Argument shapes are inconsistent.",
        "Argument shapes are inconsistent.",
    ),
    "nothing but a place": ("/io/src/nn/conv.cc:310:\nstride must be positive", "stride must be positive"),
    "a trace of another process": (
        'Traceback (most recent call last):\n  File "/x/worker.py", line 3, in run\n    conv(x)\n'
        "ValueError: rank 5 is not supported",
        "ValueError: rank 5 is not supported",
    ),
    "two traces": (
        'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nKeyError: 1\n\n'
        'Traceback (most recent call last):\n  File "b.py", line 1\n    g()\nRuntimeError: no such kernel',
        "KeyError: 1\n\nRuntimeError: no such kernel",
    ),
    "a layer, in colours": (
        "Exception encountered when calling Conv1D.call().\n\n\x1b[1mSize -1.\x1b[0m\n\nArguments received:\n x",
        "Size -1.\n\nArguments received:\n x",
    ),
    "a back end that raised": (
        "backend='inductor' raised:\nNotImplementedError: conv4d",
        "NotImplementedError: conv4d",
    ),
    "a stack": ("stride must be 1\n#0 0x7f3a in conv\n#1 main", "stride must be 1"),
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_message_that_begins_with_its_cause_stays(text: str) -> None:
    assert without_banners(text) == text


@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_comes_first(name: str) -> None:
    text, cause = CAUSES[name]
    assert without_banners(text) == cause


def test_where_nothing_would_be_left_the_message_stays() -> None:
    text = "Exception from src/core.cpp:99:\nException from src/plugin.cpp:53:"
    assert without_banners(text) == text


def test_an_error_in_words_begins_with_its_cause() -> None:
    assert error_text(RuntimeError(CAUSES["a file of C++"][0])) == "RuntimeError: Argument shapes are inconsistent."
