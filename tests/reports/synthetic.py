"""Made-up run records of any size: every grade, known and stale divergences, a missing adapter, maps and scripts."""

import base64
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from convformance.reference.dtypes import FLOATS as DTYPES
from convformance.reference.operation import OPERATIONS
from convformance.reports.record import SCHEMA, Writer

Line = dict[str, Any]

FAMILIES = {
    "asymmetric-padding": "A padding whose two sides are exchanged moves the whole result by one.",
    "depthwise": "A multiplier that is read with its two factors exchanged permutes the channels.",
    "dilation": "A dilation applied to the input and not to the filter reads the wrong rows.",
    "even-kernel": "An even kernel has no middle: a wrong half moves the result by one.",
    "groups": "Groups that are interleaved and not blocked mix channels that must not meet.",
    "output-size": "Stride > 1 leaves the size of a transposed convolution open; the last rows may be forgotten.",
    "pointwise": "A 1x1 kernel with a stride skips elements; a gradient must leave zeros there.",
    "regression": "Filter gradients in half precision stagnated once 2048 terms were added.",
    "same-stride": "SAME with a stride puts the odd element at the end; the other side is a different convolution.",
    "stride": "Strides unequal by axis catch exchanged axes.",
    "traps": "Sizes that are equal by accident let a transposed filter pass.",
    "unread-rows": "Rows that the last window does not reach have a gradient of exactly zero.",
}

ROUTES: dict[str, dict[str, list[str]]] = {
    "scipy": {
        "conv": ["signal.correlate", "signal.fftconvolve"],
        "conv_input_grad": ["full mode"],
        "conv_filter_grad": ["valid mode"],
        "conv_transpose": ["full mode"],
    },
    "torch": {
        "conv": ["F.conv"],
        "conv_input_grad": ["autograd", "nn.grad", "convolution_backward", "F.conv_transpose"],
        "conv_filter_grad": ["autograd", "nn.grad", "convolution_backward"],
        "conv_bias_grad": ["autograd"],
        "conv_transpose": ["F.conv_transpose"],
        "conv_transpose_input_grad": ["autograd"],
        "conv_transpose_filter_grad": ["autograd"],
    },
    "torch[mkldnn=off]": {
        "conv": ["F.conv"],
        "conv_input_grad": ["autograd"],
        "conv_filter_grad": ["autograd"],
        "conv_transpose": ["F.conv_transpose"],
    },
    "tensorflow": {
        "conv": ["nn.convolution", "nn.conv2d", "depthwise_conv2d"],
        "conv_input_grad": ["GradientTape", "conv2d_backprop_input", "conv2d_transpose", "by hand"],
        "conv_filter_grad": ["GradientTape", "conv2d_backprop_filter", "by hand"],
        "conv_bias_grad": ["GradientTape"],
        "conv_transpose": ["nn.conv_transpose"],
        "conv_transpose_input_grad": ["GradientTape"],
        "conv_transpose_filter_grad": ["GradientTape"],
    },
    "jax": {
        "conv": ["conv_general_dilated", "NHWC"],
        "conv_input_grad": ["vjp", "lhs_dilation"],
        "conv_filter_grad": ["vjp", "by hand"],
        "conv_bias_grad": ["vjp"],
        "conv_transpose": ["conv_transpose", "lhs_dilation", "vjp"],
        "conv_transpose_input_grad": ["vjp"],
        "conv_transpose_filter_grad": ["vjp"],
    },
}

KNOWN = {
    "name": "half-precision-gradients",
    "reason": "The filter gradient accumulates in the type of the operands; the framework documents no accumulator.",
    "covers": "float16 and bfloat16 operands with more than 32 products an element",
    "link": "https://example.org/issues/4069",
    "versions": None,
    "grades": ["low-precision"],
    "operations": ["conv_filter_grad"],
    "routes": [],
}
STALE = {
    **KNOWN,
    "name": "empty-batch",
    "reason": "An empty batch raised an internal error.",
    "covers": "cases with batch = 0",
}


def run_line(adapter: str, *, asked: int, routes: dict[str, list[str]], **changes: Any) -> Line:
    """Return the identity of a run."""
    return {
        "kind": "run",
        "schema": SCHEMA,
        "suite": "0.1.0",
        "adapter": adapter,
        "framework": adapter.partition("[")[0],
        "framework_version": "2.13.0+cpu",
        "mode": {"device": "cpu", "mkldnn": "off" if "off" in adapter else "on"},
        "device": "cpu",
        "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
        "python": "3.11.7",
        "numpy": "2.4.6",
        "started": "2026-11-21T12:30:00+00:00",
        "tier": "standard",
        "asked": asked,
        "routes": routes,
        "known": [KNOWN, STALE],
        **changes,
    }


def case_line(family: str, number: int, **changes: Any) -> Line:
    """Return a described case; ``number`` varies its sizes."""
    size, stride = [5 + number % 7, 4 + number % 5], [1 + number % 3, 1]
    return {
        "kind": "case",
        "id": f"{family}-n2c4o6-{size[0]}x{size[1]}-k3x2-s{stride[0]}x{stride[1]}-p1.2x0-r{number}",
        "family": family,
        "catches": FAMILIES.get(family, "Whatever goes wrong here."),
        "tier": "standard",
        "input_size": size,
        "kernel_size": [3, 2],
        "stride": stride,
        "padding": "same_upper" if number % 4 == 0 else [[1, 2], [0, 0]],
        "padding_pairs": [[1, 2], [0, 0]],
        "dilation": [1, 1 + number % 2],
        "groups": 2,
        "batch": 2,
        "in_channels": 4,
        "out_channels": 6,
        "bias": family == "stride",
        "memory": "sliced" if number % 9 == 0 else "contiguous",
        "special": "",
        "raw": {},
        "range": "",
        "operations": list(OPERATIONS),
        "dtypes": list(DTYPES),
        "source": f"https://example.org/issues/{1000 + number}" if family == "regression" else "",
        "seed": number,
        "border": "zero",
        "zero_points": [0, 0],
        "output_size": [3, 5],
        "then": "",
        **changes,
    }


def verdict_line(
    adapter: str, op: str, route: str, case: str, dtype: str, grade: str = "conformant", **changes: Any
) -> Line:
    """Return a verdict, a finding when its grade is neither conformant nor refused."""
    return {
        "kind": "verdict",
        "adapter": adapter,
        "op": op,
        "route": route,
        "case": case,
        "dtype": dtype,
        "grade": grade,
        "exact": grade == "conformant",
        "error": 0.25 if grade == "conformant" else None,
        "accumulator": "float64" if dtype == "float64" else "float32",
        "seconds": 0.0021,
        "message": "",
        "diagnosis": [],
        "worst": None,
        "spread": None,
        "map": None,
        "known": None,
        "finding": grade not in ("conformant", "refused"),
        "documented": None,
        "bias": None,
        "script": None,
        **changes,
    }


def error_map(random: Random, rows: int = 7, columns: int = 11) -> Line:
    """Return a map with a wrong last column, a non-finite corner and small errors elsewhere."""
    cells = bytearray(random.choice((0, 0, 40, 90, 120)) for _ in range(rows * columns))
    for row in range(rows):
        cells[row * columns + columns - 1] = 150 + 10 * row
    cells[0] = 255
    return {
        "index": [0, 3],
        "axes": ["H", "W"],
        "shape": [rows, columns],
        "cells": base64.b64encode(bytes(cells)).decode(),
    }


def script(adapter: str, op: str, case: str, dtype: str) -> str:
    """Return what looks like a reproduction script."""
    return f'''"""{op} of {adapter}: {case} in {dtype}."""

import numpy as np

generator = np.random.default_rng(20261)
x = generator.integers(-5, 6, size=(2, 4, 7, 6)).astype(np.{dtype})
w = generator.integers(-5, 6, size=(6, 2, 3, 2)).astype(np.{dtype})

def reference(x, w):
    y = np.zeros((2, 6, 4, 5))
    for n, o, i, j in np.ndindex(*y.shape):
        for c, a, b in np.ndindex(*w.shape[1:]):
            y[n, o, i, j] += x[n, c, 2 * i + a, j + b] * w[o, c, a, b]
    return y

got = framework(x, w)
print("got", got[0, 3, 2, 4], "wanted", reference(x, w)[0, 3, 2, 4])
'''


def wrong(adapter: str, op: str, route: str, case: str, dtype: str, random: Random, **changes: Any) -> Line:
    """Return a wrong verdict with everything that goes with one."""
    got, want = float(random.randint(-90, 90)), float(random.randint(-90, 90))
    message = f"{op} is wrong on the fill int: at (0, 3, 2, 10) it gave {got}, wanted {want}."
    evidence = {
        "error": random.choice((3.25, 41.5, 90210.0, "inf")),
        "message": f"{message} 28 of 308 elements differ, all of them in the last column.",
        "worst": {"fill": "int", "index": [0, 3, 2, 10], "got": got, "want": want, "bound": 0.0},
        "spread": {
            "wrong": 28,
            "of": 308,
            "channels": [0, 3, 5],
            "words": "only in the last column, in half of the channels",
        },
        "map": error_map(random),
        "script": script(adapter, op, case, dtype),
        "diagnosis": ["exchanged-sides"],
        "smallest": smallest(),
    }
    return verdict_line(adapter, op, route, case, dtype, "wrong", **{**evidence, **changes})


def diagnosis_line(adapter: str, op: str, route: str, name: str, explains: int, of: int, **changes: Any) -> Line:
    """Return what reproduces ``explains`` of the ``of`` wrong answers of a route."""
    return {
        "kind": "diagnosis",
        "adapter": adapter,
        "op": op,
        "route": route,
        "name": name,
        "detail": "by (0, 1)",
        "explanation": "The result is moved by one along the last axis.",
        "remedy": "Exchange lo and hi of the padding.",
        "explains": explains,
        "of": of,
        "where": "only in the last column",
        **changes,
    }


def smallest(**changes: Any) -> Line:
    """Return a smallest case that still fails."""
    sizes = {"input_size": [1, 2], "kernel_size": [1, 1], "stride": [1, 1], "dilation": [1, 1]}
    channels = {"batch": 1, "in_channels": 1, "out_channels": 1, "groups": 1, "zero_points": [0, 0]}
    return {
        "problem": {**channels, **sizes, "padding": [[0, 0], [0, 1]]},
        "call": "conv(x, w, padding=((0, 0), (0, 1)))",
        "words": "1 sample of 1 channel; padding (0, 1) at the end of the last axis",
        "operands": {"x": [[[[1, 2]]]], "w": [[[[3]]]]},
        "got": [[[[0.0, 3.0, "nan"]]]],
        "error": "",
        "want": [[[[3.0, 6.0, 0.0]]]],
        "difference": [[[[-3.0, -3.0, "nan"]]]],
        **changes,
    }


@dataclass(frozen=True)
class SyntheticRun:
    """A synthetic run: how many cases, which part of the verdicts is wrong, whether it ends."""

    cases: int = 48
    wrong_share: float = 0.004
    seed: int = 7
    ends: bool = True
    stops_after: int | None = None

    def lines(self) -> Iterator[Line]:
        """Yield the lines of the record."""
        cases = self._cases()
        for adapter, routes in ROUTES.items():
            asked = sum(len(names) for names in routes.values()) * len(cases) * len(DTYPES)
            yield run_line(adapter, asked=asked, routes=routes)
        yield {
            "kind": "missing",
            "adapter": "onnxruntime",
            "reason": "onnxruntime is not installed: pip install convformance[onnxruntime]",
        }
        yield from cases
        verdicts = list(self._verdicts(cases))[: self.stops_after]
        yield from verdicts
        if self.ends:
            yield from self._closing(verdicts)

    def write(self, path: Path) -> Path:
        """Write the record to ``path`` and return it."""
        with Writer(path) as writer:
            for line in self.lines():
                writer.write(line)
        return path

    def _cases(self) -> list[Line]:
        names = list(FAMILIES)
        return [case_line(names[number % len(names)], number) for number in range(self.cases)]

    def _verdicts(self, cases: list[Line]) -> Iterator[Line]:
        random = Random(self.seed)
        for case in cases:
            for adapter, operations in ROUTES.items():
                for op, routes in operations.items():
                    for route in routes:
                        for dtype in DTYPES:
                            yield self._verdict(random, adapter, op, route, case, dtype)

    def _verdict(self, random: Random, adapter: str, op: str, route: str, case: Line, dtype: str) -> Line:
        key = adapter, op, route, case["id"], dtype
        narrow = dtype in ("float16", "bfloat16")
        if adapter == "scipy" and narrow:
            return verdict_line(
                *key, "refused", message=f"object arrays are not supported: dtype {dtype}", accumulator=None
            )
        if route == "signal.fftconvolve":
            return verdict_line(*key, "norm-wise", error=random.uniform(1.5, 9), documented="norm-wise", finding=False)
        if adapter == "tensorflow" and route.startswith("conv2d_back") and case["dilation"] != [1, 1]:
            message = f"Conv2DBackpropInputOp not yet supports dilation_rate larger than 1, got {case['dilation'][1]}"
            return verdict_line(*key, "refused", message=message, accumulator=None)
        if adapter == "torch" and op == "conv_filter_grad" and narrow:
            shown = {"map": error_map(random), "script": script(adapter, op, case["id"], dtype), "finding": False}
            message, error = f"accumulates in {dtype}, expected float32", random.uniform(100, 5000)
            return verdict_line(
                *key, "low-precision", error=error, accumulator=dtype, known=KNOWN["name"], message=message, **shown
            )
        return self._rare(random, key)

    def _rare(self, random: Random, key: tuple[str, str, str, str, str]) -> Line:
        drawn = random.random() / self.wrong_share if self.wrong_share else math.inf
        if drawn < 0.75:
            return wrong(*key, random=random)
        rare = {"crashed": 0.8, "timed-out": 0.85, "error": 0.9, "componentwise": 0.95, "norm-wise": 1.0}
        for grade, until in rare.items():
            if drawn < until:
                return verdict_line(
                    *key, grade, error=7.5, message=f"RuntimeError: could not create a primitive for {key[1]}"
                )
        error, bias = abs(random.gauss(0.3, 0.12)), random.gauss(0, 1)
        return verdict_line(*key, error=error, seconds=random.uniform(0.0001, 0.01), bias=bias)

    def _closing(self, verdicts: list[Line]) -> Iterator[Line]:
        known = sum(verdict["known"] is not None for verdict in verdicts)
        counts = {"kind": "divergence", "adapter": "torch", "message": ""}
        yield {**counts, "name": KNOWN["name"], "matched": known + 12, "diverged": known, "stale": False}
        message = "known divergence empty-batch no longer diverges in any of 36 verdicts it covers; remove it"
        yield {**counts, "name": STALE["name"], "matched": 36, "diverged": 0, "stale": True, "message": message}
        yield from _diagnoses(verdicts)
        findings = sum(verdict["finding"] for verdict in verdicts)
        yield {
            "kind": "end",
            "complete": self.stops_after is None,
            "verdicts": len(verdicts),
            "findings": findings,
            "seconds": 812.4,
        }


def _diagnoses(verdicts: list[Line]) -> Iterator[Line]:
    """Yield two diagnoses of each route with wrong answers: one that reproduces them, one that explains the rest."""
    wrong_answers = Counter(
        (line["adapter"], line["op"], line["route"]) for line in verdicts if line["grade"] == "wrong"
    )
    for key, count in wrong_answers.items():
        yield diagnosis_line(*key, "exchanged-sides", count, count)
        if count > 1:
            yield diagnosis_line(
                *key, "unexplained", 1, count, detail="", explanation="Nothing known reproduces it.", remedy=""
            )
