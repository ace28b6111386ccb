"""``convformance explain``: an answer in files, or two of them, explained on the command line."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.adapters import files
from convformance.answers.explaining import explain_answer
from convformance.answers.explanation import Explanation
from convformance.answers.fields import SCHEMA
from convformance.answers.question import number_array
from convformance.answers.settings import Settings
from convformance.checking.command import value_of
from convformance.judging.grades import WRONG
from convformance.reference.operation import OPERAND_NAMES, check_operation

OK, FINDINGS = range(2)
# Under which names a file that holds everything may have the answer.
_ANSWER = ("y", "answer", "result", "output", "out", "dx", "dw", "db")


@dataclass(frozen=True)
class Contents:
    """What the files hold: the operands by name, the answer, and where the answer lies."""

    operands: Mapping[str, Any]
    answer: Any
    name: str


def run(parsed: argparse.Namespace) -> int:
    """Explain, print, and return the exit status. Raises ValueError for what cannot be read or judged."""
    contents = _contents(parsed.op, parsed.files)
    operands = dict(contents.operands)
    if parsed.bias:
        operands["bias"] = files.read_array(parsed.bias)
    settings = _settings(parsed)
    first = explain_answer(settings, contents.answer, operands)
    if parsed.against is None:
        print(json.dumps(first.to_dict()) if parsed.json else first)
        return OK if first.ok else FINDINGS
    other = files.read_array(parsed.against)
    second = explain_answer(settings, other, operands)
    ok = first.ok and second.ok
    difference = _difference((contents.name, parsed.against), (contents.answer, other), (first, second))
    if parsed.json:
        document = {"schema": SCHEMA, "ok": ok, "difference": difference}
        print(json.dumps({**document, "answer": first.to_dict(), "against": second.to_dict()}))
    else:
        print(f"{difference}\n\n{contents.name}: {first}\n\n{parsed.against}: {second}")
    return OK if ok else FINDINGS


def _settings(parsed: argparse.Namespace) -> Settings:
    return Settings(
        op=parsed.op,
        stride=value_of(parsed.stride),
        padding=value_of(parsed.padding),
        dilation=value_of(parsed.dilation),
        groups=parsed.groups,
        size=None if parsed.size is None else value_of(parsed.size),
        layout=parsed.layout,
        filter_layout=parsed.filter_layout,
        dtype=parsed.dtype,
        accumulator=parsed.accumulator,
        inputs=parsed.inputs,
        grade=parsed.grade,
    )


def _contents(op: str, paths: Sequence[str]) -> Contents:
    """Return the operands of ``op`` and then its answer: a file each, or all by their names in a single one."""
    names = OPERAND_NAMES[check_operation(op)]
    if len(paths) == 1:
        return _from_single_file(names, paths[0])
    if len(paths) != len(names) + 1:
        raise ValueError(f"{op} takes the files of {', '.join(names)} and then its answer; {len(paths)} were given")
    *operands, answer = map(files.read_array, paths)
    return Contents(dict(zip(names, operands, strict=True)), answer, paths[-1])


def _from_single_file(names: Sequence[str], path: str) -> Contents:
    arrays = files.read_arrays(path)
    answers = [name for name in _ANSWER if name in arrays]
    if not set(names) <= set(arrays) or len(answers) != 1:
        allowed = f"{', '.join(names)} and one of {', '.join(_ANSWER)}, or a file for each array"
        raise ValueError(f"{path} holds {', '.join(filter(None, arrays)) or 'one array'}; allowed: {allowed}")
    operands = {name: arrays[name] for name in (*names, *(("bias",) if "bias" in arrays else ()))}
    return Contents(operands, arrays[answers[0]], f"{path}:{answers[0]}")


def _difference(names: Sequence[str], answers: Sequence[Any], explanations: Sequence[Explanation]) -> str:
    """Return in a sentence why two answers differ."""
    size = _largest_difference(answers)
    right = [explanation.grade != WRONG for explanation in explanations]
    if all(explanation.ok for explanation in explanations):
        return f"the two answers differ by rounding{size}"
    if all(right):
        return f"the two answers differ by rounding{size}, and one of them is less accurate than was asked for"
    if not any(right):
        return f"neither answer is the convolution asked for; they differ{size or ' in shape'}"
    wrong, other = names if right[1] else names[::-1]
    return f"the two answers differ{size or ' in shape'}: {wrong} is not the convolution asked for, {other} is"


def _largest_difference(answers: Sequence[Any]) -> str:
    first, second = (number_array("the answer", answer).astype(np.float64) for answer in answers)
    if first.shape != second.shape or not first.size:
        return ""
    return f", by {float(np.max(np.abs(first - second))):.3g} at most"
