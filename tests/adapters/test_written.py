"""Adapters that run the texts of their scripts: what is run is what is shown."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from convformance.adapters.bits import BFLOAT16
from convformance.adapters.jax_compiling import KEPT
from convformance.adapters.written import Texts, Written
from convformance.processes.loading import error_text
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.adapters import checking

POINTWISE = Problem.of(input_size=(3, 4), kernel_size=1, batch=2, in_channels=3, out_channels=2)


class Pointwise(Written):
    """A convolution by a kernel of one tap, its gradients by unit vectors."""

    name = "pointwise"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"mode": ("plain", "doubled")}
    setup = (
        "import numpy as np",
        "count = []",
        "def conv(x, w, bias=0): return np.einsum('nc...,oc->no...', x, w[..., 0, 0]) + np.reshape(bias, (-1, 1, 1))",
        "def vjp(f, at, dy): return np.array([(f(e.reshape(at.shape)) * dy).sum() for e in np.eye(at.size)])",
    )
    compilers: ClassVar[Mapping[str, str]] = {"doubled": "lambda *operands: 2 * call(*operands)"}
    forgetting = "count.append(1)"
    conv_script = "conv({x}, w{bias})"
    vjp_script = "vjp(lambda {variable}: {call}, {zeros}, dy).reshape({zeros}.shape)"
    zeros_script = "np.zeros({shape}, dy.dtype)"


class Recording(Pointwise):
    """It remembers what it runs."""

    texts: list[str]

    def value(self, text: str, **names: Any) -> Any:
        self.texts = [*getattr(self, "texts", []), text]
        return super().value(text, **names)


class Bits(Pointwise):
    """One whose bfloat16 is another than NumPy's: an object with the bits."""

    native, numpy = "('own', array)", "native[1]"
    bfloat16, bits = "Own(native[1])", "('own', native.bits)"
    setup = (
        "class Own:\n    dtype = 'own.bfloat16'\n    def __init__(self, bits): self.bits = bits",
        "import numpy as np",
    )

    def to_numpy(self, native: Any) -> Array:
        return super().to_numpy(native) if hasattr(native, "dtype") else native[1]


def test_what_has_no_text_is_not_asked_and_a_bias_only_where_the_text_has_one() -> None:
    operations = {each.operation for each in Pointwise.routes()}
    assert operations == {"conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad"}
    without = type("Without", (Pointwise,), {"conv_script": Pointwise.conv_script.replace("{bias}", "")})
    assert {each.operation for each in without.routes()} == operations - {"conv_bias_grad"}
    assert not any(each.takes_bias for each in without.routes())


@pytest.mark.parametrize("operation", ["conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad"])
def test_every_route_is_its_text(operation: str) -> None:
    (declared,) = (each for each in Pointwise.routes() if each.operation == operation)
    assert checking.outcome(Pointwise(), declared, POINTWISE, "float64") == "exact"


def test_the_text_of_a_script_is_what_is_run() -> None:
    adapter = Recording()
    declared = next(each for each in adapter.routes() if each.operation == "conv")
    assert checking.outcome(adapter, declared, POINTWISE, "float64") == "exact"
    assert adapter.call_text(declared, POINTWISE) in adapter.texts


def test_the_environment_holds_for_the_setup_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVFORMANCE_KEPT", "before")
    monkeypatch.delenv("CONVFORMANCE_NEW", raising=False)
    names = {"CONVFORMANCE_KEPT": "within", "CONVFORMANCE_NEW": "1"}
    lines = ("import os", "seen = os.environ['CONVFORMANCE_KEPT'], os.environ['CONVFORMANCE_NEW']")
    adapter = type("Asks", (Texts,), {"name": "asks", "setup": lines, "environment": names})()
    assert adapter.value("seen") == ("within", "1")
    assert os.environ["CONVFORMANCE_KEPT"] == "before"
    assert "CONVFORMANCE_NEW" not in os.environ
    assert adapter.setup_lines()[:2] == ("import os", 'os.environ["CONVFORMANCE_KEPT"] = "within"')


def test_a_text_has_lines_and_ends_in_an_expression() -> None:
    adapter = Pointwise()
    assert adapter.value("y = x + 1\ny * 2", x=3) == 8
    with pytest.raises(ValueError, match="the last line of 'y = 1' is a statement; allowed: an expression"):
        adapter.value("y = 1")


class Doubled(Texts):
    """A text of two lines, the second of which may be wrong."""

    name = "doubled"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"by": ("2", "3")}
    setup = ("import numpy as np",)

    def mode_lines(self) -> tuple[str, ...]:
        return (f"factor = {self.mode['by']}",)


def test_a_text_is_run_with_what_setup_and_mode_say() -> None:
    assert Doubled().value("y = x + 1\nfactor * np.sum(y)", x=np.arange(3)) == 12
    assert Doubled(by="3").value("factor * x", x=2) == 6
    assert Doubled(by="3").notation().setup == ("import numpy as np", "factor = 3")
    assert Doubled().names_after("y = x + factor", x=1)["y"] == 3
    assert "y" not in Doubled().names


def test_an_error_says_in_which_line_of_a_text_it_was_raised() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        Doubled().value("y = x\ny / 0", x=1)
    assert error_text(raised.value) == "ZeroDivisionError: division by zero (script, line 2)"


def test_bfloat16_goes_in_and_out_as_bits() -> None:
    adapter, array = Bits(), np.array([1.5, -3.0]).astype(BFLOAT16)
    native = adapter.to_native(array)
    assert native.bits.dtype == np.uint16
    assert adapter.to_numpy(native).dtype == BFLOAT16
    assert np.array_equal(adapter.to_numpy(native), array)
    assert adapter.to_native(np.ones(2))[0] == "own"


def test_an_option_compiles_calls_and_lets_go_of_them_after_a_while() -> None:
    adapter = Pointwise(mode="doubled")
    assert adapter.notation().compiled == Pointwise.compilers["doubled"]
    functions = [adapter.wrap(lambda x: x + 1) for _ in range(2 * KEPT)]
    assert {function(2) for function in functions} == {6}
    assert len(adapter.value("count")) == 2
    plain = Pointwise()
    assert plain.wrap(len) is len
    assert plain.notation().compiled == ""
