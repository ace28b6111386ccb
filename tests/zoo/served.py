"""A harness that serves one member of the zoo or of the garden, by its name: ``python -m tests.zoo.served NAME``.

It begins anew, remembering nothing, whenever it is told to start.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from convformance.reference.operation import OPERATIONS
from tests.exchange.harness import TYPES, problem_of
from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.member import Member

FROM_TYPES: Mapping[Any, str] = {np.dtype(kind): name for name, kind in TYPES.items()}


def serve(member: Member, read: BinaryIO, write: BinaryIO) -> None:
    """Answer what is asked; what the member raises is said as an error, with its type."""
    run = member.start()
    while (line := read.readline()) and (message := json.loads(line))["cmd"] != "stop":
        if message["cmd"] == "start":
            run, reply, data = member.start(), introduction(member), b""
        else:
            arrays = [operand(tensor, message["dtype"], read) for tensor in message["tensors"]]
            bias = arrays.pop() if message["tensors"][-1]["name"] == "bias" else None
            try:
                with np.errstate(all="ignore"):
                    result = run(message["operation"], problem_of(message["problem"]), tuple(arrays), bias)
                reply, data = answer(message["seq"], result)
            except Exception as error:
                reply, data = {"seq": message["seq"], "error": f"{type(error).__name__}: {error}"}, b""
        write.write(json.dumps(reply).encode() + b"\n" + data)
        write.flush()


def introduction(member: Member) -> dict[str, Any]:
    operations = [name for name in OPERATIONS if name in member.operations]
    return {
        "version": 1,
        "name": member.name[:64],
        "operations": operations,
        "dtypes": list(TYPES),
        "language": "Python",
    }


def operand(tensor: Mapping[str, Any], dtype: str, read: BinaryIO) -> Any:
    return np.frombuffer(read.read(tensor["bytes"]), TYPES[dtype]).reshape(tensor["shape"]).copy()


def answer(seq: int, result: Any) -> tuple[dict[str, Any], bytes]:
    data = np.ascontiguousarray(result).tobytes()
    return {"seq": seq, "tensor": {"dtype": FROM_TYPES[result.dtype], "shape": result.shape, "bytes": len(data)}}, data


if __name__ == "__main__":
    assert ml_dtypes  # gives NumPy its bfloat16
    (chosen,) = (each for each in (*ZOO, *GARDEN) if each.name == sys.argv[1])
    serve(chosen, sys.stdin.buffer, sys.stdout.buffer)
