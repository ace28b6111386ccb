"""The messages of the protocol: a header of JSON a line, tensors behind it as raw bytes, little-endian, in C order."""

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

from convformance.adapters.bits import BFLOAT16
from convformance.adapters.layouts import result_role, shape_in
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem

VERSION = 1
_DTYPES: Mapping[str, Any] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": BFLOAT16,
}
DTYPES = tuple(_DTYPES)
_SHOWN = 60  # bytes of what is no answer that a message shows
_SIZES = ("batch", "in_channels", "out_channels", "input_size", "output_size", "kernel_size")
_GEOMETRY = ("stride", "padding", "dilation", "groups", "output_padding", "symbol")


class ProtocolError(Exception):
    """What came breaks the protocol; the message says how."""


@dataclass(frozen=True)
class Header:
    """What an answer's line says: a tensor that follows in so many bytes, a refusal, or an error."""

    sequence: int
    dtype: str = ""
    shape: tuple[int, ...] = ()
    bytes: int = 0
    refused: str | None = None
    error: str | None = None


def encode(header: Mapping[str, Any], arrays: Sequence[Array] = ()) -> bytes:
    """Return a message as it is sent."""
    line = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return b"\n".join((line, b"".join(map(raw, arrays))))


def raw(array: Array) -> bytes:
    """Return the numbers of an array, little-endian, in C order."""
    little = array if array.dtype.byteorder != ">" else array.astype(array.dtype.newbyteorder("<"))
    return little.tobytes()


def question(
    sequence: int, operation: str, problem: Problem, arrays: Sequence[Array], layouts: tuple[str, str]
) -> dict[str, Any]:
    """Return the header of a question: ``arrays`` in the order of the operation's operands, the bias behind them.

    ``layouts`` says in which order the axes of activations and of filters are.
    """
    names = (*OPERAND_NAMES[operation], "bias")
    activations, filters = layouts
    layout = filters if result_role(operation) == "filter" else activations
    return {
        "cmd": "ask",
        "seq": sequence,
        "operation": operation,
        "dtype": str(arrays[0].dtype),
        "activations": activations,
        "filters": filters,
        "problem": geometry(problem),
        "tensors": [
            {"name": name, "shape": array.shape, "bytes": array.nbytes}
            for name, array in zip(names, arrays, strict=False)
        ],
        "result": {"name": BY_NAME[operation].result, "shape": shape_in(problem.result_shape(operation), layout)},
    }


@cache
def geometry(problem: Problem) -> dict[str, Any]:
    """Return a problem as it is sent: sizes and geometry, a list an axis, padding in pairs of low and high."""
    return {name: getattr(problem, name) for name in (*_SIZES, *_GEOMETRY)}


def parse_line(line: bytes) -> Mapping[str, Any]:
    """Return the object of JSON in a line; raises ProtocolError."""
    try:
        message = json.loads(line.decode("utf-8"))
    except ValueError:
        message = None
    if not isinstance(message, dict):
        came = f"this came: {shown(line)}" if line.strip() else "an empty one came"
        raise ProtocolError(f"a line of JSON was due, and {came}{_why_no_object(line)}")
    return message


def _why_no_object(line: bytes) -> str:
    """Return what a line is that is nearly a header, "" where it is nothing of that kind."""
    if line.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "; a header begins with {, and not with a mark of the byte order"
    if b"\0" in line and b"{" in line:
        return "; a header is UTF-8, of one byte a character"
    if line.lstrip().startswith(b"{"):
        return "; a header is a single line, and no part of it stands on the next"
    return ""


def shown(data: bytes) -> str:
    """Return the beginning of what came, as text."""
    text = repr(bytes(data[:_SHOWN])).removeprefix("b")
    return text + (f" ... ({len(data):,} bytes)" if len(data) > _SHOWN else "")


def bytes_of(count: int) -> str:
    """Return a number of bytes as a sentence says it."""
    return "1 byte" if count == 1 else f"{count:,} bytes"


def parse_header(line: bytes, sequence: int) -> Header:
    """Return what the line of an answer to question ``sequence`` says; raises ProtocolError."""
    message = parse_line(line)
    number = message.get("seq")
    if "seq" not in message:
        raise ProtocolError(f'question {sequence} was asked, and the answer has no "seq": {shown(line)}')
    if number != sequence:
        raise ProtocolError(f'question {sequence} was asked, and the answer says "seq": {json.dumps(number)}')
    kinds = [kind for kind in ("tensor", "refused", "error") if kind in message]
    if len(kinds) != 1:
        raise ProtocolError(
            f"an answer has either tensor, refused or error, and this one has {', '.join(kinds) or 'none'}"
        )
    if kinds != ["tensor"]:
        refused, error = (str(message[kind] or "") if kind in message else None for kind in ("refused", "error"))
        return Header(sequence, refused=refused, error=error)
    return _tensor(sequence, message["tensor"])


def _tensor(sequence: int, tensor: Any) -> Header:
    """Return the header of a tensor, once its numbers agree with each other."""
    if not isinstance(tensor, dict) or not {"dtype", "shape", "bytes"} <= set(tensor):
        raise ProtocolError(f"tensor says dtype, shape and bytes, and this one is {json.dumps(tensor)[:_SHOWN]}")
    dtype, shape, count = tensor["dtype"], tensor["shape"], tensor["bytes"]
    if dtype not in DTYPES:
        raise ProtocolError(f"dtype is {json.dumps(dtype)}; allowed: {', '.join(DTYPES)}")
    sizes = tuple(shape) if isinstance(shape, list) else (-1,)
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise ProtocolError(f"shape is {json.dumps(shape)}; allowed: a list of integers, 0 or more")
    needed = prod(sizes) * _DTYPES[dtype].itemsize
    if count != needed:
        raise ProtocolError(f"bytes is {json.dumps(count)}; allowed: {needed}, for shape {shape} of {dtype}")
    return Header(sequence, dtype, sizes, needed)


def array_of(header: Header, data: bytes) -> Array:
    """Return the tensor that a header announced."""
    return np.frombuffer(data, _DTYPES[header.dtype]).reshape(header.shape).copy()
