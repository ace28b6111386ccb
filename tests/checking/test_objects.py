"""Layers, methods, objects and arrays of other libraries are asked as functions are."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.checking import arrays
from convformance.checking.arrays import Kind
from convformance.checking.lookups import check_names
from convformance.checking.usage import UncallableError
from convformance.reference import conv
from convformance.reference.arrays import Array
from tests.checking.handwritten import layers
from tests.checking.test_handwritten import Expected, convformance

BRIEF = 2.0
NHWC = ("--layout", "NHWC", "--filter-layout", "HWIO")

EXPECTED = (
    Expected("layers.py:Conv2D", (), 0, ("Conv2D as conv is right",)),
    Expected("layers.py:Conv2D.forward", (), 0, ("is right",)),
    Expected("layers.py:Conv2D.backward", (), 0, ("conv_filter_grad: right in all", "conv_bias_grad: right in all")),
    Expected("layers.py:Conv2DWithoutBias", (), 1, ("bias-missing",)),
    Expected("layers.py:Conv2DWithoutStride", (), 1, ("stride-ignored",)),
    Expected("layers.py:Conv2DTurned", (), 1, ("kernel-rotated", "Conv2DTurned(x, weights")),
    Expected("layers.py:Conv2DNegative.backward", (), 1, ("sign-flipped", "conv_filter_grad: right in all")),
    Expected("layers.py:Conv2DTwice", (), 2, ("keeps its weights twice, as weights and as turned",)),
    Expected("layers.py:WithWeights.forward", (), 0, ("is right",)),
    Expected("layers.py:FromMatrix", (), 0, ("right",)),
    Expected("layers.py:FromMatrix.backward", (), 2, ("training comes next week",)),
    Expected("layers.py:Single", (), 0, ("layout CHW, filters OIHW",)),
    Expected("layers.py:Single.backward", ("--layout", "CHW"), 0, ("conv_filter_grad: right in all",)),
    Expected("layers.py:Digits", (), 0, ("layout HWC, filters OHW",)),
    Expected("layers.py:Digits", ("--layout", "HWC", "--filter-layout", "OHW"), 0, ("kernel_size (3, 3)",)),
    Expected("layers.py:Lazy", NHWC, 0, ("is right",)),
    Expected("layers.py:Scheme", (), 2, ("--fixed scheme=VALUE",)),
    Expected("layers.py:Scheme", ("--fixed", "scheme=he"), 0, ("is right",)),
    Expected("layers.py:Offset", (), 2, ("with weights of zero it does not return zeros",)),
    Expected("layers.py:Transposed", ("--op", "conv_transpose"), 0, ("Transposed as conv_transpose is right",)),
    Expected("layers.py:Transposed.backward", ("--op", "conv_transpose"), 0,
             ("conv_transpose_filter_grad: right in all",)),
    Expected("layers.py:strided", (), 0, ("stride 2", "padding 1", "in_channels 3")),
    Expected("layers.py:strided.backward", (), 0, ("conv_bias_grad: right in all",)),
    Expected("layers.py:Listed", ("--call", "lambda fn, x, w, problem: fn(w).forward(as_array(x))", "--padding", "0",
                                  "--fixed", "stride=1", "--fixed", "dilation=1", "--fixed", "groups=1"), 0),
    Expected("layers.py:Listed", ("--call", "lambda fn, x, w, problem: fn(w).forward(as_aray(x))"), 2, ("as_aray",)),
)  # fmt: skip


@pytest.mark.parametrize("expected", EXPECTED, ids=str)
def test_a_layer_is_built_given_weights_and_called(expected: Expected) -> None:
    done = convformance(expected.target, *expected.options)
    assert done.returncode == expected.status, done.stdout + done.stderr
    output = " ".join((done.stderr if expected.status == 2 else done.stdout).split())
    assert all(text in output for text in expected.says), output


@pytest.mark.parametrize("target", [layers.Conv2D, layers.strided, layers.strided.forward, layers.Conv2D.forward])
def test_the_library_takes_classes_objects_and_methods(target: Any) -> None:
    before = layers.strided.weights.copy()
    result = check(target, seconds=BRIEF)
    assert result.ok, result
    assert np.array_equal(layers.strided.weights, before), "an object that somebody has is not changed"


def test_a_method_whose_class_cannot_be_reached_is_a_sentence() -> None:
    class Local:
        def forward(self, x: Array, w: Array) -> Array:
            return conv(x, w)

    assert check(Local, seconds=BRIEF).ok
    with pytest.raises(ValueError, match="self is no operand; check the class"):
        check(Local.forward)


def test_a_second_name_for_the_memory_of_the_weights_sees_new_ones() -> None:
    class Viewed:
        def __init__(self, in_channels: int, out_channels: int, kernel_size: tuple[int, int]) -> None:
            self.W = np.random.default_rng(0).normal(size=(out_channels, in_channels, *kernel_size))
            self.rows = self.W.reshape(out_channels, -1)

        def forward(self, x: Array) -> Array:
            return conv(x, self.rows.reshape(self.W.shape))

    assert check(Viewed, seconds=BRIEF).ok


def test_weights_in_another_order_of_axes_name_the_layout_to_state() -> None:
    class Last:
        def __init__(self, in_channels: int, out_channels: int, kernel_size: tuple[int, int]) -> None:
            self.kernel = np.zeros((*kernel_size, in_channels, out_channels))

        def forward(self, x: Array) -> Array:
            return conv(x, self.kernel.transpose(3, 2, 0, 1))

    with pytest.raises(ValueError, match="--filter-layout HWIO"):
        check(Last)
    assert check(Last, filter_layout="HWIO", seconds=BRIEF).ok


def test_a_call_that_uses_a_name_without_meaning_is_no_mistake_of_the_function() -> None:
    with pytest.raises(ValueError, match="the call uses no_such_name"):
        check(conv, call=lambda fn, x, w, problem: fn(no_such_name(x), w))  # type: ignore[name-defined]  # noqa: F821
    check_names(lambda fn, x, w, problem: [np.asarray(each) for each in (x, w)])


class Tensor:
    """An array of a small library of its own, which nothing but that library reads."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.dtype, self.shape = values.dtype, values.shape

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise TypeError("a Tensor is no array")


def tensors(x: Tensor, w: Tensor, stride: int = 1) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError("x must be a toyarrays Tensor, not an array")
    return Tensor(conv(x.values, w.values, stride=stride))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A library of arrays that is known."""
    module = ModuleType("toyarrays")
    module.Tensor, module.__spec__ = Tensor, None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toyarrays", module)
    monkeypatch.setattr(Tensor, "__module__", "toyarrays")

    def give(module: ModuleType, array: Array, device: str | None) -> Any:
        if device:
            raise RuntimeError(f"no device {device}")
        return Tensor(array)

    kind = Kind("toyarrays", give, lambda value: value.values, ("toyarrays",), ("toy",), "toyarrays")
    monkeypatch.setattr(arrays, "KINDS", {**arrays.KINDS, "toyarrays": kind})
    monkeypatch.setattr(arrays.util, "find_spec", lambda name: name == "toyarrays")
    return module


def without_annotations(function: Any) -> Any:
    """Return the function as one that shows nothing of what it takes."""
    bare = type(function)(function.__code__, {"conv": conv, "isinstance": isinstance, "TypeError": TypeError})
    bare.__globals__.update(Tensor=Tensor)
    bare.__defaults__ = function.__defaults__
    return bare


@pytest.mark.usefixtures("toy")
def test_arrays_of_another_library_are_given_and_read() -> None:
    for function in (tensors, without_annotations(tensors)):
        result = check(function, seconds=BRIEF)
        assert result.ok, result
        assert "arrays of toyarrays" in str(result)
    with pytest.raises(UncallableError):
        check(tensors, arrays="numpy", seconds=BRIEF)
    with pytest.raises(ValueError, match="on device 'far': no device far"):
        check(tensors, device="far")


@pytest.mark.usefixtures("toy")
def test_an_exception_that_asks_for_other_arrays_is_heard() -> None:
    def closed(x: Any, w: Any) -> Any:
        if not hasattr(x, "values"):
            raise TypeError("toyarrays wanted")
        return type(x)(conv(x.values, w.values))

    result = check(closed, seconds=BRIEF)
    assert result.ok, result


@pytest.mark.usefixtures("toy")
def test_an_operand_of_another_library_that_is_changed_is_a_finding() -> None:
    def greedy(x: Tensor, w: Tensor) -> Tensor:
        answer = conv(x.values, w.values)
        x.values += 1
        return Tensor(answer)

    result = check(greedy, seconds=BRIEF)
    assert not result.ok
    assert result.diagnosis[0].name == "operand-changed"


@pytest.mark.usefixtures("toy")
def test_arrays_of_numpy_are_asked_of_a_function_that_says_so() -> None:
    def mixed(x: np.ndarray, w: "np.ndarray") -> Any:
        return Tensor(conv(x, w))

    result = check(mixed, seconds=BRIEF)
    assert result.ok, result
    assert "arrays of" not in str(result)


def test_a_library_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"arrays='tensors'; allowed: auto, numpy"):
        check(conv, arrays="tensors")
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ValueError, match="arrays of cupy are wanted, and cupy cannot be imported"):
        check(conv, arrays="cupy")


def test_a_file_says_what_of_it_was_left_out_and_why_it_cannot_be_used(tmp_path: Path) -> None:
    lines = (
        "import no_such_package",
        "def good(x, w):",
        "    return [sum(a * b for a, b in zip(x[i:], w)) for i in range(len(x) - len(w) + 1)]",
        "def bad(x, w):",
        "    return no_such_package.conv(x, w)",
        "good(open('nowhere'), [1])",
    )
    (tmp_path / "script.py").write_text("\n".join(lines))
    good = convformance("script.py:good", "--layout", "W", folder=tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "Remark: left out of script.py: ModuleNotFoundError" in good.stdout
    bad = convformance("script.py:bad", "--layout", "W", folder=tmp_path)
    assert bad.returncode == 2
    assert "script.py cannot be run: ModuleNotFoundError: No module named 'no_such_package'" in bad.stderr
