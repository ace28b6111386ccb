"""The page on checking shows what is really printed: each command in it is run and compared.

``python -m tests.checking.test_docs`` writes the page anew.
"""

import re
from pathlib import Path

import pytest

from tests.checking.test_handwritten import convformance

PAGE = Path(__file__).resolve().parents[2] / "docs" / "check.md"
_SHOWN = re.compile(r"```console\n\$ convformance check (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)
# How many questions there is time for, and how long they take, is the machine's affair.
_COUNTS = (
    r"\b\d+ of \d+\b",
    r"right in all \d+",
    r"(all|of) \d+ questions",
    r", \d+ refused",
    r"\d+ questions in [\d.]+ s",
    r"; \d+ larger questions \([^)]*\)",
    r" --seconds \d+",
)


def commands() -> dict[str, str]:
    return {shown["command"]: shown["output"] for shown in _SHOWN.finditer(PAGE.read_text())}


def printed(command: str) -> str:
    done = convformance(*command.split(), "--seconds", "60")
    assert done.returncode in (0, 1, 2, 4), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout if done.returncode != 2 else done.stderr.splitlines()[-1] + "\n"


def without_counts(output: str) -> str:
    """Return an output without counts and line breaks."""
    for pattern in _COUNTS:
        output = re.sub(pattern, "", " ".join(output.split()))
    return output


@pytest.mark.parametrize("command", commands())
def test_the_page_shows_what_is_printed(command: str) -> None:
    assert without_counts(commands()[command]) == without_counts(printed(command))


def test_the_page_names_files_that_are_there() -> None:
    named = set(re.findall(r"convformance check (\w+\.py):", PAGE.read_text())) - {"my_conv.py"}
    assert len(named) >= 5
    assert all((Path(__file__).with_name("handwritten") / name).is_file() for name in named)


def _rewritten(shown: "re.Match[str]") -> str:
    command = shown["command"]
    return f"```console\n$ convformance check {command}\n{printed(command)}```"


if __name__ == "__main__":
    PAGE.write_text(_SHOWN.sub(_rewritten, PAGE.read_text()))
