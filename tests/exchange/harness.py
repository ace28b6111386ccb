"""A harness that answers with the reference, or with a fault that is named: of every question, or where groups are.

python harness.py [FAULT]
"""

import codecs
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from convformance.reference import operations
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem

Message = Mapping[str, Any]
TYPES = {"float64": "<f8", "float32": "<f4", "float16": "<f2", "bfloat16": ml_dtypes.bfloat16}
INTRODUCTION = {
    "version": 1,
    "name": "harness",
    "language": "Python",
    "target": "1.0",
    "device": "cpu",
    "operations": list(OPERATIONS),
    "dtypes": list(TYPES),
}


class Harness:
    """The two ends of the pipes, and how a question is answered."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.read: BinaryIO = sys.stdin.buffer
        self.write: BinaryIO = sys.stdout.buffer

    def serve(self) -> None:
        """Answer until nothing more is asked."""
        if self.fault == "banner":
            self.say(b"Welcome to my convolution!\n")
        while line := self.read.readline():
            message = json.loads(line)
            if message["cmd"] == "stop":
                break
            if message["cmd"] == "start":
                self.introduce()
            else:
                self.answer(message)

    def introduce(self) -> None:
        faults: dict[str, Callable[[], object]] = {
            "never-starts": lambda: sys.exit("no licence"),
            "silent": lambda: time.sleep(600),
            "no-newline": lambda: self.say(json.dumps(INTRODUCTION).encode()) or time.sleep(600),
            "buffered": lambda: (self.read.read(), self.send(INTRODUCTION)),
            "two-lines": lambda: self.say(json.dumps(INTRODUCTION, indent=1).encode() + b"\n"),
            "byte-order-mark": lambda: self.say(codecs.BOM_UTF8 + json.dumps(INTRODUCTION).encode() + b"\n"),
            "wide-characters": lambda: self.say(json.dumps(INTRODUCTION).encode("utf-16-le") + b"\n\0"),
            "empty-line": lambda: self.say(b"\n"),
            "gone-in-the-line": lambda: (self.say(b'{"version": 1, '), sys.exit(0)),
            "loads-for-ever": lambda: (print("loading the model", file=sys.stderr, flush=True), time.sleep(600)),
            "lacks-in-text": lambda: self.send({**INTRODUCTION, "capabilities": {"groups": "no"}}),
            "axes-as-truth": lambda: self.send({**INTRODUCTION, "spatial": [True]}),
            "one-axis": lambda: self.send({**INTRODUCTION, "name": "harness-one-axis", "spatial": [1]}),
            "three-axes": lambda: self.send({**INTRODUCTION, "name": "harness-three-axes", "spatial": [3]}),
            "old": lambda: self.send({**INTRODUCTION, "version": 0}),
            "nameless": lambda: self.send({**INTRODUCTION, "name": "my conv!"}),
        }
        name = "-".join(filter(None, ("harness", self.fault)))
        faults.get(self.fault, lambda: self.send({**INTRODUCTION, "name": name}))()

    def answer(self, message: Message) -> None:
        numbers = [(tensor, self.read.read(tensor["bytes"])) for tensor in message["tensors"]]
        if self.fault.endswith("-in-groups") and message["problem"]["groups"] == 1:
            self.send_array(message, self.result(message, numbers))
        else:
            FAULTS.get(self.fault.removesuffix("-in-groups"), right)(self, message, numbers)

    def result(self, message: Message, numbers: Any) -> Any:
        """Return the answer of the reference."""
        kind = TYPES[message["dtype"]]
        if self.fault == "reads-big-endian":
            kind = np.dtype(kind).newbyteorder(">")
        arrays = [np.frombuffer(data, kind).reshape(tensor["shape"]) for tensor, data in numbers]
        wide = [array.astype(np.float64) for array in arrays]
        bias = wide.pop() if message["tensors"][-1]["name"] == "bias" else None
        return operations.apply(message["operation"], problem_of(message["problem"]), *wide, bias=bias)

    def send_array(self, message: Message, result: Any, **changes: Any) -> None:
        array = np.ascontiguousarray(result.astype(TYPES[message["dtype"]]))
        data = changes.pop("data", array.tobytes())
        header = {"dtype": message["dtype"], "shape": result.shape, "bytes": array.nbytes, **changes.pop("tensor", {})}
        self.send({"seq": message["seq"], "tensor": header, **changes}, data)

    def send(self, header: Message, data: bytes = b"") -> None:
        self.say(json.dumps(header).encode() + b"\n" + data)

    def say(self, data: bytes) -> None:
        self.write.write(data)
        self.write.flush()


def problem_of(sent: Message) -> Problem:
    """Return the problem in a message."""
    numbers = (sent[name] for name in ("batch", "in_channels", "out_channels"))
    sizes = (tuple(sent[name]) for name in ("input_size", "kernel_size", "stride"))
    padding = tuple((low, high) for low, high in sent["padding"])
    return Problem(*numbers, *sizes, padding, tuple(sent["dilation"]), sent["groups"], sent["symbol"])


def right(harness: Harness, message: Message, numbers: Any) -> None:
    harness.send_array(message, harness.result(message, numbers))


def dies(harness: Harness, message: Message, numbers: Any) -> None:
    print("assertion failed: groups", file=sys.stderr, flush=True)
    os.abort()


def hangs(harness: Harness, message: Message, numbers: Any) -> None:
    print("waiting for a lock", file=sys.stderr, flush=True)
    time.sleep(600)


def half(harness: Harness, message: Message, numbers: Any) -> None:
    data = harness.result(message, numbers).astype(TYPES[message["dtype"]]).tobytes()
    harness.send_array(message, harness.result(message, numbers), data=data[: len(data) // 2])
    sys.exit(0)


def half_and_hangs(harness: Harness, message: Message, numbers: Any) -> None:
    data = harness.result(message, numbers).astype(TYPES[message["dtype"]]).tobytes()
    harness.send_array(message, harness.result(message, numbers), data=data[: len(data) // 2])
    print("writing the other half", file=sys.stderr, flush=True)
    time.sleep(600)


def buffers(harness: Harness, message: Message, numbers: Any) -> None:
    """Answer when there is nothing more to read, as a program does that never flushes its output."""
    harness.read.read()
    right(harness, message, numbers)


def twice(harness: Harness, message: Message, numbers: Any) -> None:
    """Answer twice in one piece: the second answer is there when the first one has been read."""
    pipe, both = harness.write, io.BytesIO()
    harness.write = both
    right(harness, message, numbers)
    right(harness, message, numbers)
    harness.write = pipe
    harness.say(both.getvalue())


def banner(harness: Harness, message: Message, numbers: Any) -> None:
    harness.say(b"using 16 threads\n")
    right(harness, message, numbers)


def chatters(harness: Harness, message: Message, numbers: Any) -> None:
    sys.stderr.write("warning: slow path\n" * 200_000)
    sys.stderr.flush()
    right(harness, message, numbers)


def floods(harness: Harness, message: Message, numbers: Any) -> None:
    while True:
        harness.say(b"x" * 65536)


def flips(harness: Harness, message: Message, numbers: Any) -> None:
    harness.send_array(message, harness.result(message, numbers)[..., ::-1])


FAULTS: Mapping[str, Callable[[Harness, Message, Any], None]] = {
    "dies": dies,
    "hangs": hangs,
    "half": half,
    "half-and-hangs": half_and_hangs,
    "buffers-answers": buffers,
    "numberless": lambda harness, message, numbers: harness.send({"refused": "no groups here"}),
    "wider": lambda harness, message, numbers: harness.send_array(
        message, harness.result(message, numbers), data=harness.result(message, numbers).tobytes() * 2
    ),
    "twice": twice,
    "chatter-on-stdout": banner,
    "chatter-on-stderr": chatters,
    "floods": floods,
    "flips": flips,
    "garbage": lambda harness, message, numbers: harness.say(b"\x00\xff\x01 no json\n"),
    "other-question": lambda harness, message, numbers: harness.send_array(
        message, harness.result(message, numbers), seq=message["seq"] + 1
    ),
    "wrong-length": lambda harness, message, numbers: harness.send_array(
        message, harness.result(message, numbers), tensor={"bytes": 3}
    ),
    "no-length": lambda harness, message, numbers: harness.send({"seq": message["seq"], "tensor": {"shape": [1]}}),
    "refuses": lambda harness, message, numbers: harness.send({"seq": message["seq"], "refused": "no groups here"}),
    "fails": lambda harness, message, numbers: harness.send({"seq": message["seq"], "error": "out of tiles"}),
    "writes-big-endian": lambda harness, message, numbers: harness.send_array(
        message,
        harness.result(message, numbers),
        data=np.ascontiguousarray(
            harness.result(message, numbers).astype(TYPES[message["dtype"]]).byteswap()
        ).tobytes(),
    ),
    "shape": lambda harness, message, numbers: harness.send_array(message, harness.result(message, numbers)[None]),
}

if __name__ == "__main__":
    Harness(*sys.argv[1:] or [""]).serve()
