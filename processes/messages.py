"""The message of an exception without what says nothing of its cause: banners, stack traces, colours."""

import re
from collections.abc import Iterable, Iterator

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TRACE = re.compile(r"^\s*Traceback \(most recent call last\)")
# Lines that say where something was noticed, and not what: what was noticed follows below.
_BANNER = re.compile(
    r"""^\s*(?:
        (?:Exception|Error|Failure)\s(?:from|in|at)\s\S+\.\w+:\d+:?        # a file of the back end
      | \S+\.(?:c|cc|cpp|cxx|cu|h|hpp|hh|py|rs|go|mlir)[:(]\d+[\d:)]*:?    # nothing but such a place
      | (?:\[\S+\]\s*)?(?:Check|Assertion|Condition)\s.*failed\sat\s\S+:$  # the code of a check, and its place
      | While\s\w+ing\s.*:                                                 # what was being done
      | (?:An?\s)?(?:exception|error)\s(?:was\s)?(?:encountered|raised|occurred|thrown)\b.*[:.]
      | .*\b(?:raised|threw|failed\swith)(?:\s\w+)?:
      | \#\d+\s.* | \s*at\s0x\S+.* | .*@\s*0x[0-9a-f]+.* | .*0x[0-9a-f]{6,}\sin\s.* # frames of a stack
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


def without_banners(text: str) -> str:
    """Return the message without banners and stack traces, so that it begins with the line that says the cause.

    Of an exception that another process or another exception hands on with its trace, that is the last line of the
    trace. Where nothing would be left, the message is as it was.
    """
    uncoloured = _COLOURS.sub("", text).strip()
    lines = uncoloured.splitlines()
    if len(lines) < 2:
        return uncoloured
    left = "\n".join(_without_banners(_without_traces(lines))).strip()
    return left or uncoloured


def _without_traces(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that belong to no trace: those from its heading to its last indented line do."""
    inside = False
    for line in lines:
        if _TRACE.match(line):
            inside = True
        elif not inside or (line.strip() and not line.startswith((" ", "\t"))):
            inside = False
            yield line


def _without_banners(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if not _BANNER.match(line))
