"""Reproduction: a finding as a Python program that needs nothing but the framework and NumPy.

The program holds the operands, the adapter's own code for the one route, and the definition of the operation at the element in
question; it ends with exit status 1 as long as the framework diverges there, and 0 once it is mended.
"""

import base64
import platform
import re
import textwrap
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import Adapter, Route
from convformance.judging.bounds import EXACT_FILLS
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem
from convformance.scripts.composition import WIDTH, Extract, broken, extract
from convformance.scripts.extraction import mode_of
from convformance.test_cases.case import Case

_LITERAL_SIZE = 96
# What the program uses names for, and the import where it is one: the adapter's code gets other names.
_IMPORTS = {
    "np": "import numpy as np",
    "ml_dtypes": "import ml_dtypes",
    "base64": "import base64",
    "zlib": "import zlib",
    "partial": "from functools import partial",
    "Fraction": "from fractions import Fraction",
    "SimpleNamespace": "from types import SimpleNamespace",
}
_VARIABLES = (
    "adapter",
    "allowed",
    "answer",
    "before",
    "bias",
    "dy",
    "floats",
    "given",
    "got",
    "index",
    "laid",
    "numbers",
    "problem",
)
_RESERVED = {**_IMPORTS, **dict.fromkeys((*_VARIABLES, "packed", "total", "want", "w", "x"), "")}

# The definition of the three maps at one element; LARGE and SMALL stand for the arrays of the input's and of the output's size.
_FORWARD = """\
n, o, *position = index
first = o // (w.shape[0] // problem.groups) * w.shape[1]
for c, *tap in np.ndindex(*w.shape[1:]):
    axes = zip(position, problem.stride, tap, problem.dilation, problem.padding)
    place = tuple(p * s + t * d - lo for p, s, t, d, (lo, _) in axes)
    if all(0 <= i < size for i, size in zip(place, LARGE.shape[2:])):
        total += NUMBER(LARGE[(n, first + c, *place)]) * NUMBER(w[(o, c, *tap)])
"""
_INPUT_GRADIENT = """\
n, c, *place = index
group, c = divmod(c, w.shape[1])
outputs = w.shape[0] // problem.groups
for tap in np.ndindex(*w.shape[2:]):
    axes = zip(place, problem.stride, tap, problem.dilation, problem.padding)
    position, rest = zip(*(divmod(i + lo - t * d, s) for i, s, t, d, (lo, _) in axes))
    if not any(rest) and all(0 <= p < size for p, size in zip(position, SMALL.shape[2:])):
        for o in range(group * outputs, (group + 1) * outputs):
            total += NUMBER(SMALL[(n, o, *position)]) * NUMBER(w[(o, c, *tap)])
"""
_FILTER_GRADIENT = """\
o, c, *tap = index
channel = o // (SMALL.shape[1] // problem.groups) * (LARGE.shape[1] // problem.groups) + c
for n, *position in np.ndindex(SMALL.shape[0], *SMALL.shape[2:]):
    axes = zip(position, problem.stride, tap, problem.dilation, problem.padding)
    place = tuple(p * s + t * d - lo for p, s, t, d, (lo, _) in axes)
    if all(0 <= i < size for i, size in zip(place, LARGE.shape[2:])):
        total += NUMBER(LARGE[(n, channel, *place)]) * NUMBER(SMALL[(n, o, *position)])
"""
_BIAS_GRADIENT = """\
for number in SMALL[:, index[0]].flat:
    total += NUMBER(number)
"""
# For each operation its definition, the array of the input's size and that of the output's.
_DEFINITIONS = {
    "conv": (_FORWARD, "x", ""),
    "conv_input_grad": (_INPUT_GRADIENT, "", "dy"),
    "conv_filter_grad": (_FILTER_GRADIENT, "x", "dy"),
    "conv_bias_grad": (_BIAS_GRADIENT, "", "dy"),
    "conv_transpose": (_INPUT_GRADIENT, "", "x"),
    "conv_transpose_input_grad": (_FORWARD, "dy", ""),
    "conv_transpose_filter_grad": (_FILTER_GRADIENT, "dy", "x"),
}

# Hashable, as code may keep what it made for a problem.
_GEOMETRY = """\
class Geometry(SimpleNamespace):
    __hash__ = object.__hash__

"""
_PACKED = """\
def packed(text, dtype):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype).copy()
"""
_LAID = """\
def laid(array, memory, strides):
    view = np.lib.stride_tricks.as_strided(memory, array.shape, strides)
    view[...] = array
    return view
"""
_BITS = """\
# NumPy has no bfloat16: its bits are kept in arrays of uint16.
def bfloat16(numbers):
    return (np.asarray(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16)

def floats(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(float)
"""
_ROUNDED = {
    "float64": "",
    "float32": "want = float(np.float32(want))",
    "float16": "want = float(np.float16(want))",
    "bfloat16": "want = float(ml_dtypes.bfloat16(want))",
}
# To the nearest, ties to even.
_ROUNDED_BITS = """\
bits = int(np.float32(want).view(np.uint32))
want = float(floats(np.uint16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 & 0xFFFF)))
"""


class Operands(Protocol):
    """The arrays that an operation reads, in canonical layout, and the bias it adds."""

    @property
    def arrays(self) -> tuple[Array, ...]: ...

    @property
    def bias(self) -> Array | None: ...


def script(
    adapter: Adapter,
    route: Route,
    case: Case,
    dtype: str,
    operands: Operands,
    *,
    worst: Mapping[str, Any] | None,
    suite_version: str,
    message: str = "",
) -> str:
    """Return the text of a program that asks ``route`` of ``adapter`` for ``case`` again, and judges the worst element.

    ``worst`` is that of the verdict: ``index``, ``got``, ``want``, ``bound`` and ``fill``; ``operands`` are of that fill. With None
    the program asks for no more than an answer of the right shape and dtype that leaves the operands alone. ``message`` is what
    the verdict says. Raises Unextractable where the adapter's source cannot be read.
    """
    cut = _cut(adapter, route.method, dtype)
    question = _Question(adapter, route, case, dtype, cut)
    question = _Question(adapter, route, case, dtype, cut)
    body = [
        *_code(question),
        *_operands(question, operands),
        *_call(question, operands.bias is not None, keep=worst is None),
        *(_UNCHANGED if worst is None else _judged(question, operands, worst)),
    ]
    return "\n".join([*_header(question, worst, message, suite_version), *_imports(body, cut), *body, ""])


@lru_cache(maxsize=64)
def _cut(adapter: Adapter, method: str, dtype: str) -> Extract:
    """Return the code that every script of one route and dtype shares."""
    return extract(adapter, method, dtype, _RESERVED)


@dataclass(frozen=True)
class _Question:
    """What every part of the program is about."""

    adapter: Adapter
    route: Route
    case: Case
    dtype: str
    cut: Extract

    @property
    def problem(self) -> Problem:
        return self.case.problem

    @property
    def numpy_dtype(self) -> str:
        """The dtype of the arrays as the program writes it."""
        if self.dtype != "bfloat16":
            return f"np.{self.dtype}"
        return "np.uint16" if self.has_bits else "ml_dtypes.bfloat16"

    @property
    def has_bits(self) -> bool:
        """Whether the program keeps bfloat16 as bits, so as not to need a package for it."""
        return self.dtype == "bfloat16" and self.cut.bits

    def axes(self, role: str, rank: int) -> tuple[int, ...]:
        """Return the canonical axes in the order of the route's layout."""
        own, common = (
            (self.route.filters, self.adapter.filters)
            if role == "filter"
            else (self.route.activations, self.adapter.activations)
        )
        return layouts.shape_in(tuple(range(rank)), own or common) if rank > 1 else (0,)


def _header(question: _Question, worst: Mapping[str, Any] | None, message: str, suite_version: str) -> Iterator[str]:
    adapter, case = question.adapter, question.case
    framework = adapter.distribution or adapter.name
    defaults = {key: allowed[0] for key, allowed in adapter.options.items()}
    changed = ", ".join(f"{key}={value}" for key, value in mode_of(adapter).items() if value != defaults.get(key))
    mode = f" ({changed})" if changed else ""
    paragraphs = [
        f"{framework} {adapter.version()}{mode}: {question.route.operation} by {question.route.name}, in {question.dtype}.",
        f"Asked: the case {case.id}" + (f", filled with {worst['fill']!r} numbers." if worst else "."),
        f"It is there to catch: {case.catches}" + (f" See {case.source}" if case.source else ""),
        f"Seen: {_seen(question, worst, message)}",
        "Exit status: 0 where the answer is right, 1 where it is not.",
        f"Seen with Python {platform.python_version()} and NumPy {np.__version__}; written by convformance {suite_version}.",
    ]
    for paragraph in paragraphs:
        text = "".join(letter if letter.isprintable() else " " for letter in paragraph)
        yield from (f"# {line}".rstrip() for line in textwrap.wrap(text, WIDTH - 2, subsequent_indent="  "))


def _seen(question: _Question, worst: Mapping[str, Any] | None, message: str) -> str:
    if worst is None:
        looked_at = "What counts here: an answer of the right shape and dtype, and operands that are left alone."
        return f"{message} {looked_at}".strip()
    found = f"at {tuple(worst['index'])} {worst['got']} in place of {worst['want']}"
    return f"{found}." if _is_exact(question, worst) else f"{found}, where an error of {worst['bound']} is allowed."


def _is_exact(question: _Question, worst: Mapping[str, Any]) -> bool:
    """Whether nothing but the right bits will do: of a direct algorithm, where every partial sum can be represented."""
    return worst["fill"] in EXACT_FILLS and question.route.grade == "conformant" and not question.case.special


def _imports(body: Iterable[str], cut: Extract) -> list[str]:
    """Return the import lines: what the adapter's code needs, and what the rest of the program names."""
    text = "\n".join(body)
    own = (line for name, line in _IMPORTS.items() if re.search(rf"\b{name}\b", text))
    return [
        "",
        *sorted({*cut.imports, *own}, key=lambda line: ("__future__" not in line, line.startswith("from"), line)),
        "",
    ]


def _code(question: _Question) -> Iterator[str]:
    problem, cut = question.problem, question.cut
    yield "# How the framework is asked: the code of the suite's adapter, as far as it is run here."
    yield from (cut.code, "")
    yield "# The geometry: sizes in elements per spatial axis, padding as pairs (before, after)."
    if cut.problem_class:
        made, names = cut.problem_class, tuple(each.name for each in fields(Problem))
    else:
        yield from _GEOMETRY.splitlines()
        made, names = "Geometry", tuple(sorted({*cut.attributes, *_defining(question)}))
    yield broken(f"problem = {made}({', '.join(f'{name}={getattr(problem, name)!r}' for name in names)})")
    yield ""


def _defining(question: _Question) -> tuple[str, ...]:
    """Return what the definition reads of the problem."""
    text = _DEFINITIONS[question.route.operation][0]
    return tuple(re.findall(r"problem\.(\w+)", text))


def _operands(question: _Question, operands: Operands) -> Iterator[str]:
    roles = layouts.operand_roles(question.route.operation)
    named = zip(OPERAND_NAMES[question.route.operation], operands.arrays, roles, strict=True)
    written = [f"{name} = {_written(question, array, role)}" for name, array, role in named]
    if operands.bias is not None:
        written.append(f"bias = {_written(question, operands.bias, 'bias')}")
    if question.has_bits:
        yield from (*_BITS.splitlines(), "")
    for helper, text in (("packed(", _PACKED), ("laid(", _LAID)):
        if any(helper in each for each in written):
            yield from (*text.splitlines(), "")
    yield from written


def _written(question: _Question, array: Array, role: str) -> str:
    """Return the expression for an operand, with its very strides where the route does not copy it into another layout."""
    moved = question.axes(role, array.ndim) != tuple(range(array.ndim))
    if moved or array.flags.c_contiguous:
        return _shaped(question, array)
    memory = _memory(array)
    gaps = memory[~_taken(array, memory.size)]
    if gaps.size == 0 or gaps.tobytes() != gaps[:1].tobytes() * gaps.size:
        return f"np.lib.stride_tricks.as_strided({_flat(question, memory)}, {array.shape}, {array.strides})"
    gap = _number(float(gaps[0]))
    filled = (
        f"bfloat16(np.full({memory.size}, {gap}))"
        if question.has_bits
        else f"np.full({memory.size}, {gap}, {question.numpy_dtype})"
    )
    return f"laid({_shaped(question, array)}, {filled}, {array.strides})"


def _taken(array: Array, size: int) -> Array:
    """Return which of the ``size`` places in memory are elements of ``array``."""
    taken = np.zeros(size, bool)
    np.lib.stride_tricks.as_strided(taken, array.shape, [step // array.itemsize for step in array.strides])[...] = True
    return taken


def _shaped(question: _Question, array: Array) -> str:
    flat = _flat(question, np.ascontiguousarray(array).reshape(-1))
    return flat if array.ndim == 1 else f"{flat}.reshape{array.shape}"


def _memory(array: Array) -> Array:
    """Return all that lies between the first and the last element of ``array``, whose strides are positive."""
    size = (
        1
        + sum((entries - 1) * step for entries, step in zip(array.shape, array.strides, strict=True)) // array.itemsize
    )
    return np.lib.stride_tricks.as_strided(array, (size,), (array.itemsize,))


def _flat(question: _Question, array: Array) -> str:
    """Return the expression for an array of one axis: the numbers themselves, or their bytes when there are many."""
    literal = _literal(question, array) if array.size <= _LITERAL_SIZE else None
    if literal is not None:
        return literal
    text = base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
    return "\n".join(['packed("""', *textwrap.wrap(text, WIDTH), f'""", {question.numpy_dtype})'])


def _literal(question: _Question, array: Array) -> str | None:
    """Return the numbers in words, or None where these would not give the same bits."""
    numbers = [float(number) for number in array]
    if not np.array_equal(np.asarray(numbers).astype(array.dtype).view(np.uint8), array.view(np.uint8)):
        return None
    text = textwrap.fill(
        ", ".join(map(_number, numbers)), WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    if question.has_bits:
        return f"bfloat16([\n{text}\n])"
    return f"np.array([\n{text}\n], {question.numpy_dtype})"


def _number(number: float) -> str:
    """Return a number as Python writes it: integers without a point, and what is not finite by its name in NumPy."""
    if not np.isfinite(number):
        return "np.nan" if np.isnan(number) else "np.inf" if number > 0 else "-np.inf"
    integer = number == int(number) and abs(number) < 2**53 and not (number == 0 and np.signbit(number))
    return str(int(number)) if integer else repr(number)


def _call(question: _Question, has_bias: bool, *, keep: bool) -> Iterator[str]:
    """Yield the lines that ask; with ``keep`` also those that remember the operands."""
    route, cut = question.route, question.cut
    roles = layouts.operand_roles(route.operation)
    given = [_moved(question, name, role) for name, role in zip(OPERAND_NAMES[route.operation], roles, strict=True)]
    yield from ("", "# The question.", f"adapter = {cut.construction}")
    yield broken(f"given = [{', '.join([*given, *(['bias'] if has_bias else [])])}]")
    if keep:
        yield "before = [array.tobytes() for array in given]"
    natives = "map(adapter.to_native, given)" if "to_native" in cut.conversions else "given"
    if "wrap" in cut.conversions:
        yield f"function = adapter.wrap(partial(adapter.{route.method}, problem))"
    asked = f"function(*{natives})" if "wrap" in cut.conversions else f"adapter.{route.method}(problem, *{natives})"
    converted = f"adapter.to_numpy({asked})" if "to_numpy" in cut.conversions else f"np.asarray({asked})"
    shape = question.problem.result_shape(route.operation)
    yield f"answer = {converted}{_back(question, layouts.result_role(route.operation), len(shape))}"
    yield f"assert (answer.shape, answer.dtype) == ({shape}, {question.numpy_dtype}), (answer.shape, answer.dtype)"


_UNCHANGED = ('assert [array.tobytes() for array in given] == before, "an operand was changed"',)


def _moved(question: _Question, name: str, role: str) -> str:
    rank = 2 + question.problem.rank
    axes = question.axes(role, rank)
    return name if axes == tuple(range(rank)) else f"np.ascontiguousarray({name}.transpose{axes})"


def _back(question: _Question, role: str, rank: int) -> str:
    axes = question.axes(role, rank)
    return "" if axes == tuple(range(rank)) else f".transpose{tuple(axes.index(axis) for axis in range(rank))}"


def _judged(question: _Question, operands: Operands, worst: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that compute the worst element by its definition, and compare."""
    operation = question.route.operation
    text, large, small = _DEFINITIONS[operation]
    names = [*OPERAND_NAMES[operation], *(["bias"] if operands.bias is not None else [])]
    listed = ", ".join(names) + "," * (len(names) == 1)
    finite = all(
        np.isfinite(array.astype(float)).all() for array in (*operands.arrays, operands.bias) if array is not None
    )
    number = "Fraction" if finite else "float"
    decoded = "floats(array)" if question.has_bits else "array.astype(float)"
    start = "bias[index[1]]" if operands.bias is not None else "0"
    yield from (
        "",
        "# What is right, by the definition: input = output * stride + tap * dilation - padding before, per axis.",
    )
    yield f"index = {tuple(map(int, worst['index']))}"
    yield "got = float(floats(answer[index]))" if question.has_bits else "got = float(answer[index])"
    yield f"{listed} = ({decoded} for array in ({listed}))"
    yield f"total = {number}({start})"
    yield from text.replace("LARGE", large).replace("SMALL", small).replace("NUMBER", number).splitlines()
    yield "want = float(total)"
    if worst["fill"] in EXACT_FILLS:
        yield from _rounding(question)
    yield from _compared(question, worst, finite)


def _compared(question: _Question, worst: Mapping[str, Any], finite: bool) -> Iterator[str]:
    """Yield the lines that compare: bit for bit on an exact fill, else within the bound; of what is not finite the kind as well."""
    opening = f'print(f"{question.route.operation} at {{index}}: got {{got}}, wanted {{want}}'
    if finite and _is_exact(question, worst):
        yield f'{opening}, bit for bit, as every partial sum can be represented")'
        yield 'assert got == want, "it diverges"'
        return
    yield f"allowed = {_number(float(worst['bound']))}"
    yield f'{opening}, allowed difference {{allowed}}")'
    if finite:
        yield 'assert np.isfinite(got) and abs(Fraction(got) - total) <= allowed, "it diverges"'
    else:
        yield 'assert got == want or abs(got - want) <= allowed or (got != got and want != want), "it diverges"'


def _rounding(question: _Question) -> list[str]:
    """Return the lines that round an exact result once, as an exact comparison wants it."""
    text = _ROUNDED_BITS if question.has_bits else _ROUNDED[question.dtype]
    return text.splitlines()
