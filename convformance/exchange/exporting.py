"""Export: every question of a tier as a file of operands; the truth is not in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convformance import __version__
from convformance.adapters.contract import Request, in_memory
from convformance.adapters.exchange import INDEX, QUESTIONS, SCHEMA, Entry, stored
from convformance.adapters.protocol.introduction import ASKED
from convformance.adapters.protocol.messages import geometry
from convformance.judging.bounds import EXACT_FILLS
from convformance.judging.examination import narrower_formats
from convformance.judging.formats import Precision, default_accumulator, format_of
from convformance.judging.narrower import precisions_asked
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.running.questions import Scope
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case

README = "README.md"


@dataclass(frozen=True)
class Fill:
    """A fill as a question is asked on it: by its name, and made exact for sums or inputs that are narrower."""

    name: str
    accumulator: str | None = None
    inputs: str | None = None

    @property
    def text(self) -> str:
        """Its name in files: ``int``, ``int-sums-float16``, ``int-inputs-bfloat16``."""
        sums = f"-sums-{self.accumulator}" if self.accumulator else ""
        return f"{self.name}{sums}" + (f"-inputs-{self.inputs}" if self.inputs else "")


def fills_asked(case: Case, operation: str, dtype: str) -> list[Fill]:
    """Return every fill on which that question may be asked, whatever the answers are."""
    names = examining.examination(case, operation, dtype).fills
    if 0 in case.problem.result_shape(operation):
        return [Fill(names[0])]
    ordinary = [Fill(name) for name in names]
    if case.special:
        return ordinary
    expected = Precision(default_accumulator(dtype), format_of(dtype))
    narrower = (narrower_formats(precision, expected.accumulator) for precision in precisions_asked(expected))
    exact = [name for name in names if name in EXACT_FILLS]
    return [*ordinary, *dict.fromkeys(Fill(name, *formats) for formats in narrower for name in exact)]


def export(scope: Scope, tier: str, folder: Path) -> Iterator[str]:
    """Write every question in ``scope`` below ``folder``; yield what has been written, a line now and then.

    Raises FileExistsError for a folder in which something lies already.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; allowed: a folder that does not exist yet, or an empty one")
    folder.mkdir(parents=True, exist_ok=True)
    count = size = 0
    with (folder / INDEX).open("w", encoding="utf-8") as index:
        _write_line(index, {"schema": SCHEMA, "suite": __version__, "tier": tier})
        for case, operation, dtype in filter(_can_be_said, scope.asked()):
            entry, written = _export(case, operation, dtype, folder)
            _write_line(index, entry.to_json())
            count, size = count + 1, size + written
    (folder / README).write_text(_TEXT, encoding="utf-8")
    yield f"{count:,} questions in {folder}, {size / 1e6:,.1f} MB; {folder / README} says how they are answered"


def _can_be_said(question: tuple[Case, str, str]) -> bool:
    """Whether a file can hold the question, as the protocol can: not integers, borders, or where operands lie."""
    case, operation, dtype = question
    request = Request(case.problem, dtype, case.has_bias(operation), case=case.id, memory=case.memory)
    return (ASKED & in_memory()).holds(request)


def _write_line(index: Any, line: Any) -> None:
    index.write(json.dumps(line, separators=(",", ":")) + "\n")


def _export(case: Case, operation: str, dtype: str, folder: Path) -> tuple[Entry, int]:
    """Write the operands of one question; return its entry in the index, and how many bytes it takes."""
    names = (*OPERAND_NAMES[operation], *(["bias"] if case.has_bias(operation) else []))
    asked: dict[bytes, str] = {}  # fills for narrower arithmetic are often the same numbers, which are asked once
    arrays: dict[str, Array] = {}
    for fill in fills_asked(case, operation, dtype):
        operands = fills.fill(case, operation, dtype, fill.name, fill.accumulator, fill.inputs)
        every = operands.arrays if operands.bias is None else (*operands.arrays, operands.bias)
        content = b"".join(array.tobytes() for array in every)
        if content not in asked:
            asked[content] = fill.text
            arrays |= {f"{fill.text}.{name}": stored(array) for name, array in zip(names, every, strict=True)}
    problem = case.problem
    result = {"name": BY_NAME[operation].result, "shape": problem.result_shape(operation)}
    entry = Entry(operation, case.id, dtype, geometry(problem), names, tuple(asked.values()), result=result)
    file = folder / QUESTIONS / f"{entry.name}.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return entry, file.stat().st_size


_TEXT = """\
# Questions about convolution, to be answered elsewhere

`index.jsonl` has a line about this folder and then one for each question:

    {"name": "conv/CASE-float32", "operation": "conv", "case": "CASE", "dtype": "float32",
     "problem": {"batch": 2, "in_channels": 4, "out_channels": 6, "input_size": [7, 5], "kernel_size": [3, 2],
                 "stride": [1, 1], "padding": [[0, 1], [1, 1]], "dilation": [1, 1], "groups": 1, ...},
     "operands": ["x", "w"], "fills": ["int", "xwide", ...], "result": {"name": "output", "shape": [2, 6, 6, 6]}}

A question is asked on several fills: `questions/NAME.npz` holds the operands of each, as `int.x`, `int.w`,
`xwide.x` and so on. Activations are (N, C, *spatial), filters (O, C / groups, *kernel), padding is a pair of low
and high an axis. The operations are `conv` (x, w), `conv_input_grad` (dy, w), `conv_filter_grad` (x, dy),
`conv_bias_grad` (dy), `conv_transpose` (x, w), `conv_transpose_input_grad` (dy, w) and `conv_transpose_filter_grad`
(x, dy); a `bias` of one number a channel of the result is added where it is among the operands. Convolution does
not turn the filter over. Of a transposed convolution `input_size` is the size of the result. bfloat16 is kept as
16-bit unsigned numbers, the bits of each.

Answer a question with a file `answers/NAME.npz`, or `.safetensors`: an array for each fill under its name, in the
dtype of the question (bfloat16 as bits or as itself) and the shape of `result`. What cannot be done is said in
`answers/NAME.json`: `{"refused": "no groups here"}`. Who answered is said in `answers/about.json`: `{"name":
"my-back-end", "target": "1.2", "language": "Swift", "device": "my phone"}`.

Then `convformance judge` on this folder judges what is there; questions without an answer do not count.
"""
