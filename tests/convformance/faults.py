"""Adapters that do their worst to the process that asks them wherever a stride is above 1; elsewhere they are right."""

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter, Refusal, route
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from convformance.reference.problem import Problem

ENDLESS = "x\0\ud800 " * 1_000_000


class Faulty(Adapter):
    """Right, but for what ``misbehave`` does; a value that it returns is the answer."""

    name = "faulty"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        answer = self.misbehave() if max(problem.stride) > 1 else None
        return apply("conv", problem, x, w) if answer is None else answer

    def misbehave(self) -> Any:
        """Do nothing."""


class Exits(Faulty):
    name = "exits"

    def misbehave(self) -> Any:
        sys.exit(0)


class Interrupts(Faulty):
    name = "interrupts"

    def misbehave(self) -> Any:
        raise KeyboardInterrupt


class Unreadable(BaseException):
    """An exception of nobody's family, that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


class RaisesItsOwn(Faulty):
    name = "raises-its-own"

    def misbehave(self) -> Any:
        raise Unreadable


class RaisesEndlessly(Faulty):
    name = "raises-endlessly"

    def misbehave(self) -> Any:
        raise ValueError(ENDLESS)


class RefusesEndlessly(Faulty):
    name = "refuses-endlessly"

    def misbehave(self) -> Any:
        raise Refusal(ENDLESS)


class ClosesStreams(Faulty):
    name = "closes-streams"

    def misbehave(self) -> Any:
        sys.stdout.close()
        sys.stderr.close()
        for stream in (0, 1, 2):
            os.close(stream)


class LeavesErrorsRaising(Faulty):
    name = "leaves-errors-raising"

    def misbehave(self) -> Any:
        np.seterr(all="raise")


class KillsItself(Faulty):
    name = "kills-itself"

    def misbehave(self) -> Any:
        print("these are my last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


class Segfaults(Faulty):
    name = "segfaults"

    def misbehave(self) -> Any:
        ctypes.string_at(0)


class BlocksSignals(Faulty):
    name = "blocks-signals"

    def misbehave(self) -> Any:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(600)


class HoldsTheInterpreter(Faulty):
    name = "holds-the-interpreter"

    def misbehave(self) -> Any:
        ctypes.PyDLL(None).sleep(600)


class StopsItself(Faulty):
    name = "stops-itself"

    def misbehave(self) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)


class EatsMemory(Faulty):
    name = "eats-memory"

    def misbehave(self) -> Any:
        eaten = []
        while True:
            eaten.append(np.empty(2**25))


class PrintsMegabytes(Faulty):
    name = "prints-megabytes"

    def misbehave(self) -> Any:
        for stream in (sys.stdout, sys.stderr):
            stream.write("all work and no play\n" * 200_000)
        os.write(1, b"\xff\0" * 1_000_000)


class ChangesFolder(Faulty):
    name = "changes-folder"

    def misbehave(self) -> Any:
        os.chdir("/")


class ChangesRandomNumbers(Faulty):
    name = "changes-random-numbers"

    def misbehave(self) -> Any:
        np.random.seed(0)
        random.seed(0)


class TakesTheAlarm(Faulty):
    name = "takes-the-alarm"

    def misbehave(self) -> Any:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)


class LeavesAThread(Faulty):
    name = "leaves-a-thread"

    def misbehave(self) -> Any:
        threading.Thread(target=time.sleep, args=(600,)).start()


class LeavesAChild(Faulty):
    name = "leaves-a-child"

    def misbehave(self) -> Any:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


class ReturnsNothing(Faulty):
    name = "returns-nothing"

    def misbehave(self) -> Any:
        return np.asarray(None)


class ReturnsObjects(Faulty):
    name = "returns-objects"

    def misbehave(self) -> Any:
        return np.array([[[[object()]]]], dtype=object)


class ReturnsRecords(Faulty):
    name = "returns-records"

    def misbehave(self) -> Any:
        return np.zeros((1, 1, 1, 1), dtype=[("a", "f4"), ("b", "i4")])


class Uncooperative:
    """Says that it is an array, and is none."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("not today")


class ReturnsUncooperatively(Faulty):
    name = "returns-uncooperatively"

    def misbehave(self) -> Any:
        return Uncooperative()


# The grade of each where it misbehaves.
GRADES: dict[type[Faulty], str] = {
    Exits: "error",
    Interrupts: "error",
    RaisesItsOwn: "error",
    RaisesEndlessly: "error",
    RefusesEndlessly: "refused",
    ClosesStreams: "conformant",
    LeavesErrorsRaising: "conformant",
    KillsItself: "crashed",
    Segfaults: "crashed",
    BlocksSignals: "timed-out",
    HoldsTheInterpreter: "timed-out",
    StopsItself: "timed-out",
    EatsMemory: "crashed",
    PrintsMegabytes: "conformant",
    ChangesFolder: "conformant",
    ChangesRandomNumbers: "conformant",
    TakesTheAlarm: "conformant",
    LeavesAThread: "conformant",
    LeavesAChild: "conformant",
    ReturnsNothing: "wrong",
    ReturnsObjects: "wrong",
    ReturnsRecords: "wrong",
    ReturnsUncooperatively: "error",
}
