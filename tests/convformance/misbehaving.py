"""Adapters that are wrong, or behave badly, on purpose; given to the command line by path."""

import atexit
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convformance.adapters.contract import Adapter, Array, KnownDivergence, Refusal, route
from convformance.plugin.worker import resident_memory
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from convformance.running import runner


class Right(Adapter):
    """The reference under another name, its results rounded where the reference's are."""

    name = "right"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        return apply("conv", problem, x, w, bias=bias)


class FlippedKernel(Adapter):
    """A true convolution where a correlation is meant."""

    name = "flipped"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        rotated = np.flip(w, axis=tuple(range(2, w.ndim)))
        return apply("conv", problem, x, np.ascontiguousarray(rotated))


class NoBatchSum(Adapter):
    """A filter gradient of the last image alone."""

    name = "no-batch-sum"

    @route("conv_filter_grad")
    def last_image(self, problem: Problem, x: Array, dy: Array) -> Any:
        single = replace(problem, batch=min(problem.batch, 1))
        return apply("conv_filter_grad", single, x[-1:], dy[-1:])


class BiasAlone(Adapter):
    """Right, with so little to ask that the whole standard tier takes seconds."""

    name = "bias-alone"

    @route("conv_bias_grad")
    def total(self, problem: Problem, dy: Array) -> Any:
        return apply("conv_bias_grad", problem, dy)


class SameOnTheWrongSide(Adapter):
    """SAME padding with its odd element at the start."""

    name = "same-lower"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if problem.symbol == "same_upper":
            problem = replace(problem, padding=tuple((hi, lo) for lo, hi in problem.padding))
        return apply("conv", problem, x, w)


class Crashing(Adapter):
    """Dies on dilation, without a word, as native code does."""

    name = "crashing"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if any(entry > 1 for entry in problem.dilation):
            os._exit(139)
        return apply("conv", problem, x, w)


class Hanging(Adapter):
    """Never comes back on dilation."""

    name = "hanging"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        while any(entry > 1 for entry in problem.dilation):
            time.sleep(0.05)
        return apply("conv", problem, x, w)


class Raising(Adapter):
    """Raises on dilation and refuses groups, with a word that must not break the report."""

    name = "raising"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if any(entry > 1 for entry in problem.dilation):
            raise KeyError("<script>alert('dilation')</script>")
        if problem.groups > 1:
            raise Refusal("no groups here")
        return apply("conv", problem, x, w)


class Slow(Right):
    """Right; after a hundred calls it waits for a file, if one is named, and gives up after a minute."""

    name = "slow"
    calls = 0

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        self.calls += 1
        for _ in range(1200 if self.calls > 100 and "WAITING_FOR" in os.environ else 0):
            if os.path.exists(os.environ["WAITING_FOR"]):
                break
            time.sleep(0.05)
        return apply("conv", problem, x, w, bias=bias)


class Waiting(Right):
    """Right, but it waits for a file before it answers in any dtype but float64; it gives up after a minute."""

    name = "waiting"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        for _ in range(1200):
            if x.dtype == np.float64 or os.path.exists(os.environ["WAITING_FOR"]):
                return apply("conv", problem, x, w, bias=bias)
            time.sleep(0.05)
        raise RuntimeError("nobody came")


class Noting(Right):
    """Right; it writes down in which process it is asked, and how large that is."""

    name = "noting"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(f"{self.name} {os.getpid()} {resident_memory()}\n")
        return apply("conv", problem, x, w, bias=bias)


class AlsoNoting(Noting):
    """Another of the kind."""

    name = "also-noting"


class Growing(Noting):
    """Keeps 4 MB more for each answer."""

    name = "growing"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        self.__dict__.setdefault("kept", []).append(np.ones(2**19))
        return super().direct(problem, x, w, bias)


class Large(Noting):
    """Takes 300 MB when it is made."""

    name = "large"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.kept = np.ones(300_000_000 // 8)


class AlsoLarge(Large):
    """Another of the kind."""

    name = "also-large"


class Known(FlippedKernel):
    """Flipped, and known to be."""

    name = "known"
    known_divergences = (
        KnownDivergence(
            "flipped-kernel", "The kernel is rotated.", "every case", grades=("wrong",), operations=("conv",)
        ),
    )


class Stale(Right):
    """Right, although listed as divergent."""

    name = "stale"
    known_divergences = (
        KnownDivergence("mended", "It was wrong once.", "every case", grades=("wrong",), operations=("conv",)),
    )


class Talking(FlippedKernel):
    """Prints wherever it can: when it is made, when it answers, past Python, when its process ends; and is wrong."""

    name = "talking"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        print('{"kind": "smallest", "what": null}')
        atexit.register(print, "goodbye, and thank you for computing with us")

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        print("computing")
        os.write(1, b"{}\nnull\n")
        return super().direct(problem, x, w)


class SlowToBeMadeAgain(FlippedKernel):
    """Made at once where questions are put, and in any other process only after more than a question's time."""

    name = "slow-to-be-made-again"
    SECONDS = 6.0

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        if "PYTEST_XDIST_WORKER" not in os.environ:
            time.sleep(self.SECONDS)


class SoughtForEver(FlippedKernel):
    """Made at once where questions are put; in any other process it says that it is, in a file, and is never done."""

    name = "sought-for-ever"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        if "PYTEST_XDIST_WORKER" not in os.environ:
            Path(os.environ["SOUGHT"]).touch()
            time.sleep(600)


class Deaf(Adapter):
    """Hangs on dilation with every signal blocked, as native code does that never returns to Python."""

    name = "deaf"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        if max(problem.dilation) > 1:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            time.sleep(600)
        return apply("conv", problem, x, w)


class Saboteur(Adapter):
    """Breaks the suite itself."""

    name = "saboteur"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        return apply("conv", problem, x, w)

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        runner.judge = _broken  # type: ignore[attr-defined]


def _broken(*_: object) -> None:
    raise RuntimeError("the judge broke")
