"""The lines of a script: code that is broken where a person would break it, and paragraphs as comments."""

import re
import textwrap

WIDTH = 100
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


def wrapped(line: str) -> list[str]:
    """Return a line of code, broken at its spaces: as far on as a line may be long those lie within brackets."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    lines: list[str] = []
    depth = 0
    while len(line) > WIDTH:
        end = _break(line, len(indent) if lines else len(indent) - 4, depth)
        if end is None:
            break
        depth = _depths(line[:end], depth)[-1]
        lines.append(line[:end].rstrip())
        line = indent + line[end:].lstrip()
    return [*lines, line.rstrip()]


def _break(line: str, start: int, depth: int) -> int | None:
    """Return where to break a line that is too long: at the space within the fewest brackets, the last of those.

    Outside of brackets a line cannot be broken, and one that is broken before its middle would be short.
    """
    depths = _depths(line, depth)
    spaces = [
        (depths[index], index)
        for index, letter in enumerate(line)
        if letter == " " and index > start and depths[index] > 0
    ]
    near = [space for space in spaces if WIDTH // 2 <= space[1] <= WIDTH]
    if near:
        return min(near, key=lambda space: (space[0], -space[1]))[1]
    within = [index for _, index in spaces if index <= WIDTH]
    return max(within) if within else next((index for _, index in spaces), None)


def _depths(line: str, depth: int) -> list[int]:
    """Return within how many brackets each letter of a line stands that begins within ``depth``; 0 within a text."""
    depths, quote = [], ""
    for letter in line:
        if quote or letter in _QUOTES:
            quote = "" if letter == quote else quote or letter
            depths.append(0)
            continue
        depth += (letter in _OPENING) - (letter in _CLOSING)
        depths.append(depth)
    return depths


def comment(paragraph: str, most: int) -> list[str]:
    """Return a paragraph as that many lines of comment at most, without what would end one."""
    text = "".join(letter if letter.isprintable() else " " for letter in paragraph)
    lines = textwrap.wrap(text, WIDTH - 2, max_lines=most, placeholder=" ...", break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def used_imports(setup: tuple[str, ...], text: str) -> list[str]:
    """Return the lines of ``setup`` without names that they import and ``text``, all of the script, does not use."""
    lines: list[str] = []
    for line in setup:
        module, joint, names = line.partition(" import ")
        if joint and module.startswith("from "):
            used = [name for name in names.split(", ") if re.search(rf"\b{name}\b(?! import)", text.replace(line, ""))]
            lines += [f"{module} import {', '.join(used)}"] if used else []
        elif not line.startswith("import ") or re.search(rf"\b{line.split()[-1]}\.", text):
            lines.append(line)
    return lines
