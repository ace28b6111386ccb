"""``python -m benchmarks.pipe``: what it costs to ask a program through its pipes, beside its own time.

The program computes nothing: it reads a question and answers with numbers that it has ready. What is left is the cost
of a question: headers written and read, bytes moved, two processes that take turns.
"""

import statistics
import sys
import time

import numpy as np

from convformance.adapters.protocol.conversation import Conversation
from convformance.reference.problem import Problem

_PROGRAM = """
import json, sys
read, write = sys.stdin.buffer, sys.stdout.buffer
while line := read.readline():
    message = json.loads(line)
    if message["cmd"] == "start":
        write.write(b'{"version":1,"name":"nothing","operations":["conv"],"dtypes":["float32"]}\\n')
    elif message["cmd"] == "ask":
        for tensor in message["tensors"]:
            read.read(tensor["bytes"])
        shape, size = message["result"]["shape"], 4
        for each in shape:
            size *= each
        tensor = {"dtype": "float32", "shape": shape, "bytes": size}
        write.write(json.dumps({"seq": message["seq"], "tensor": tensor}).encode() + b"\\n" + bytes(size))
    else:
        break
    write.flush()
"""
_SIDES = (8, 64, 512)
_REPEATS, _ROUNDS = 200, 5


def main() -> None:
    """Print the median milliseconds of a question for images of several sizes."""
    conversation = Conversation((sys.executable, "-c", _PROGRAM))
    for side in _SIDES:
        problem = Problem.of(input_size=(side, side), kernel_size=3, batch=2, in_channels=4, out_channels=6)
        arrays = [np.zeros(shape, np.float32) for shape in problem.operand_shapes("conv")]
        times = [_seconds(conversation, problem, arrays) for _ in range(_ROUNDS * max(1, _REPEATS * 8 // side))]
        megabytes = sum(array.nbytes for array in arrays) / 1e6
        median = 1000 * statistics.median(times)
        print(f"{side:>4} x {side:<4} {megabytes:8.3f} MB of operands   {median:7.3f} ms a question")
    conversation.stop()


def _seconds(conversation: Conversation, problem: Problem, arrays: list[np.ndarray]) -> float:
    started = time.perf_counter()
    conversation.ask("conv", problem, arrays, ("NC*", "OI*"))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
