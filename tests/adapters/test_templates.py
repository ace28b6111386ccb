"""Every template of every built-in adapter gives the very bits that its route gives."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Refusal, Request, Route
from convformance.adapters.onnx_models import OnnxOperators
from convformance.judging.smallest import Failure, Numbers
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS
from convformance.reference.problem import Problem
from convformance.scripts import script_of
from tests.adapters import checking


def _problem(input_size: tuple[int, ...], kernel_size: tuple[int, ...], **changes: Any) -> Problem:
    return Problem.of(
        input_size=input_size, kernel_size=kernel_size, **{"batch": 2, "in_channels": 2, "out_channels": 4, **changes}
    )


# Few enough numbers to be written out; each route answers some of them.
PROBLEMS = {
    "one": _problem((1, 2), (1, 2), batch=1, in_channels=1, out_channels=1),
    "line": _problem((7,), (3,), stride=(2,), padding=((1, 2),), dilation=(2,)),
    "groups": _problem((4, 5), (3, 2), groups=2, padding=(1, 2)),
    "depthwise": _problem((5, 4), (2, 3), groups=2, padding=((0, 1), (2, 1))),
    "pointwise": _problem((4, 5), (1, 1), stride=(2, 3)),
    "half-kernel": _problem((5, 4), (2, 3), padding=((0, 1), (1, 1))),
    "stride": _problem((5, 6), (3, 2), stride=(2, 2), padding=((2, 1), (0, 3))),
    "dilation": _problem((6, 5), (3, 2), dilation=(2, 3), padding=1),
    "crop-and-pad": _problem((6, 5), (3, 2), padding=((-1, 2), (3, -2))),
    "same-upper": _problem((5, 4), (3, 2), padding="same_upper"),
    "same-lower": _problem((4, 5), (2, 4), padding="same_lower", stride=(2, 1)),
    "valid": _problem((5, 6), (3, 2), padding="valid", stride=(2, 2)),
    "volume": _problem((3, 4, 2), (2, 3, 1), batch=1, stride=(1, 2, 1), padding=(1, 0, 1)),
    "empty": _problem((3, 4), (3, 2), batch=0),
}
# Compilation takes seconds: in these modes a few problems stand for all.
FEW = ("line", "groups", "crop-and-pad")
SAMPLE = ("groups",)  # for a route that is asked a sample
MODES = {
    "scipy": tuple(PROBLEMS),
    "torch": tuple(PROBLEMS),
    "torch[mkldnn=off,layout=channels_last]": tuple(PROBLEMS),
    "torch[mode=compile]": ("groups",),
    "tensorflow": tuple(PROBLEMS),
    "tensorflow[mode=xla]": FEW,
    "jax": tuple(PROBLEMS),
    "jax[mode=eager,layout=NCHW]": FEW,
    "onnxruntime": tuple(PROBLEMS),
    "onnxruntime[filter=constant]": tuple(PROBLEMS),
}
# Routes whose call is too long for a person to write where there is a stride or groups.
WITHOUT = {
    ("tensorflow", "by-hand"): ("line", "groups", "depthwise", "pointwise", "stride", "same-lower", "valid", "volume")
}


def floating_point_routes(adapter: Adapter) -> list[Route]:
    """Return the routes that take floating-point numbers: of those of integers see ``test_numbers``."""
    return [route for route in adapter.routes() if route.name != "ConvInteger"]


def asked(route: Route, problem: Problem, dtype: str, seed: int) -> Numbers:
    """Return integers, or normal numbers for odd seeds, and a bias where the route takes one."""
    generator = np.random.default_rng(seed)
    shapes = problem.operand_shapes(route.operation)
    draws = [generator.normal(size=shape) if seed % 2 else generator.integers(-9, 9, shape) for shape in shapes]
    takes_bias = route.takes_bias and route.operation in WITH_BIAS
    bias = checking.bias_of(route.operation, problem, dtype) if takes_bias and seed % 3 else None
    return Numbers(tuple(draw.astype(checking.DTYPES[dtype]) for draw in draws), bias)


def script(adapter: Adapter, route: Route, problem: Problem, numbers: Numbers, want: Array, dtype: str) -> str | None:
    """Return the script that takes ``want`` for the truth, bit for bit."""
    exactly = replace(route, grade="conformant")
    answer, error = (-want - 1, "") if want.size else (np.zeros(1), "another shape")
    failed = Failure(route.operation, problem, numbers, answer.astype(want.dtype), error, want)
    return script_of(adapter, exactly, failed, case_id="case", dtype=dtype, message="nothing")


def outcomes(adapter: Adapter, route: Route, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the name of each problem with ``same``, ``refused``, ``none`` without a template, or what differs."""
    for seed, (name, dtype) in enumerate(zip(names, cycle(("float32", "bfloat16", "float64", "float16", "float32")))):
        problem = checking.as_offered(route, PROBLEMS[name], dtype)
        numbers = asked(route, problem, dtype, seed)
        error: Exception | None = None
        try:
            want = adapter.answer(route, problem, numbers.arrays, numbers.bias).value
        except Refusal:
            yield name, "refused"
            continue
        except Exception as raised:
            error, want = raised, np.zeros(problem.result_shape(route.operation))
        if adapter.call_text(route, problem, has_bias=numbers.bias is not None) is None:
            yield name, "none"
            continue
        text = script(adapter, route, problem, numbers, want, dtype)
        assert text is not None
        yield name, executed(text, error)


def executed(text: str, error: Exception | None) -> str:
    try:
        exec(compile(text, "script", "exec"), {})
    except Exception as raised:
        # A compiler wraps an error in a type of its own, derived from that of the error.
        is_same = error is not None and isinstance(raised, type(error))
        return "same" if is_same else f"{type(raised).__name__}: {raised}\n{text}"
    return "same" if error is None else f"no {type(error).__name__}\n{text}"


@pytest.fixture(autouse=True)
def settings_put_back() -> Iterator[None]:
    """Put back what a script sets for the whole process."""
    yield
    try:
        import torch
    except ImportError:
        return
    torch.backends.mkldnn.enabled = True


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("spec", MODES)
def test_every_template_gives_the_bits_of_its_route(spec: str) -> None:
    adapter = checking.created(spec)
    for route in floating_point_routes(adapter):
        results = dict(outcomes(adapter, route, MODES[spec] if not route.domain.seldom else SAMPLE))
        assert set(results.values()) <= {"same", "refused", "none"}, (route, results)
        unwritten = {name for name, result in results.items() if result == "none"}
        assert unwritten <= set(WITHOUT.get((adapter.name, route.name), ())), route


@pytest.mark.parametrize("name", discovery.BUILT_IN)
def test_every_route_has_a_template_that_some_problem_tries(name: str) -> None:
    adapter = checking.created(name)
    for route in floating_point_routes(adapter):
        assert route.script is not None
        results = dict(outcomes(adapter, route, ("one", "depthwise", "half-kernel", "pointwise")))
        assert "same" in results.values(), (route, results)
        assert set(results.values()) <= {"same", "refused", "none"}, (route, results)


@pytest.mark.parametrize("name", discovery.BUILT_IN)
def test_a_script_of_a_small_case_has_12_to_25_lines(name: str) -> None:
    adapter = checking.created(name)
    for route in floating_point_routes(adapter):
        problem = checking.as_offered(route, PROBLEMS["one"])
        numbers = asked(route, problem, "float32", 0)
        want = np.ones(problem.result_shape(route.operation))
        text = script(adapter, route, problem, numbers, want, "float32")
        assert text is not None
        # A derivative of a derivative and a normalisation take more lines, and a model more still.
        takes_more = route.domain.seldom or not checking.is_ordinary(route)
        takes_more |= "load_model" in text
        most = 35 if isinstance(adapter, OnnxOperators) else 30 if takes_more else 25
        assert 12 <= len(text.splitlines()) <= most, text
        assert max(map(len, text.splitlines())) <= 100 + len(max(text.split(), key=len)), text


@pytest.mark.parametrize("name", discovery.BUILT_IN)
def test_a_route_without_a_template_is_asked_through_this_suite(name: str) -> None:
    adapter = checking.created(name)
    for seed, route in enumerate(floating_point_routes(adapter)):
        problem = checking.as_offered(route, PROBLEMS["one"])
        if not route.domain.holds(Request(problem, "float32")):
            continue  # such as a route for groups alone, of which this problem has one
        numbers = asked(route, problem, "float32", seed)
        want = adapter.answer(route, problem, numbers.arrays, numbers.bias).value
        text = script(adapter, replace(route, script=None), problem, numbers, want, "float32")
        assert text is not None
        assert f"adapter = load('{name}')" in text
        assert executed(text, None) == "same"
