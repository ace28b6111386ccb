"""Back ends that are called by the texts that scripts show: what is asked is what a reader runs, word for word."""

import ast
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.bits import BFLOAT16, from_bits, to_bits
from convformance.adapters.contract import Adapter
from convformance.adapters.jax_compiling import KEPT
from convformance.adapters.notation import Notation
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

Names = Mapping[str, Any]
FILE = "<script>"  # what a trace says of a text in place of a file


class Texts(Adapter):
    """An adapter that runs texts: lines of Python, the last one an expression, with the names that ``setup`` makes.

    ``setup`` are the lines that a script begins with, imports first, which are run once, and behind them those that
    ``mode_lines`` returns. ``environment`` holds for them alone: processes that are begun later see it as it was.
    """

    setup: tuple[str, ...]
    environment: Mapping[str, str] = {}

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.names: dict[str, Any] = {}
        with _environment(self.environment):
            exec("\n".join((*self.setup, *self.mode_lines())), self.names)

    def mode_lines(self) -> tuple[str, ...]:
        """Return the lines that set what this mode says."""
        return ()

    def notation(self) -> Notation:
        return Notation(setup=self.setup_lines())

    def setup_lines(self) -> tuple[str, ...]:
        """Return the lines that a script begins with, the environment first."""
        own = tuple(f'os.environ["{name}"] = "{value}"' for name, value in self.environment.items())
        lines = *self.setup, *self.mode_lines()
        return ("import os", *own, *lines) if own else lines

    def names_after(self, lines: str, **names: Any) -> dict[str, Any]:
        """Return every name once ``lines`` were run where ``names`` stand for these values."""
        every = {**self.names, **names}
        exec(_code_of_lines(lines), every)
        return every

    def value(self, text: str, **names: Any) -> Any:
        """Return what ``text`` gives where ``names`` stand for these values."""
        body, last = _compiled(text)
        every = {**self.names, **names}
        exec(body, every)
        return eval(last, every)


class Written(Texts, Automatic):
    """A back end with automatic differentiation whose texts are all that there is of it.

    A subclass gives ``setup``, the texts of ``Automatic`` for either call and for a gradient, and those of arrays:
    ``operand``, ``strided`` and ``lists`` as ``Notation`` has them; ``native`` makes the framework's own of ``array``,
    and ``numpy`` NumPy's of ``native``; where NumPy's bfloat16 is none of the framework's, ``bfloat16`` makes it of
    ``native``, an array of its bits, and ``bits`` the bits of it. ``computed`` waits for ``native``; ``compilers``
    are ``call`` as it is compiled, by the value of an option, and ``forgetting`` lets go of what was compiled.
    """

    operand: ClassVar[str] = Notation.operand
    strided: ClassVar[str] = ""
    native: ClassVar[str] = "array"
    numpy: ClassVar[str] = "native"
    bfloat16: ClassVar[str] = "native"
    bits: ClassVar[str] = ""
    computed: ClassVar[str] = "native"
    compilers: ClassVar[Mapping[str, str]] = {}
    forgetting: ClassVar[str] = ""
    lists: ClassVar[str] = Notation.lists
    _problems: int = 0

    @classmethod
    def _has(cls, name: str) -> bool:
        script, text = ("conv_script", "conv_text") if name == "conv" else ("transposed_script", "transposed_text")
        return bool(getattr(cls, script)) or getattr(cls, text) is not getattr(Automatic, text)

    @classmethod
    def _takes_bias(cls, name: str) -> bool:
        return cls.bias_after or "{bias}" in (cls.conv_script if name == "conv" else cls.transposed_script)

    @property
    def compiled(self) -> str:
        """The text of ``call`` as the mode compiles it, empty where it does not."""
        return next((text for value, text in self.compilers.items() if value in self.mode.values()), "")

    def notation(self) -> Notation:
        return Notation(
            self.setup_lines(), self.operand, strided=self.strided, compiled=self.compiled, lists=self.lists
        )

    def to_native(self, array: Array) -> Any:
        native = self.value(self.native, array=to_bits(array) if self.bits else array)
        return self.value(self.bfloat16, native=native) if array.dtype == BFLOAT16 else native

    def to_numpy(self, native: Any) -> Array:
        if self.bits and "bfloat16" in str(native.dtype):
            return from_bits(super().to_numpy(self.value(self.numpy, native=self.value(self.bits, native=native))))
        return super().to_numpy(self.value(self.numpy, native=native))

    def wait(self, native: Any) -> Any:
        return self.value(self.computed, native=native)

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not self.compiled:
            return function
        self._problems += 1
        if self.forgetting and self._problems % KEPT == 0:
            self.value(self.forgetting)
        compiled: Callable[..., Any] = self.value(self.compiled, call=function)
        return compiled

    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._result("conv", problem, x, w, bias)

    def conv_transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self._result("transposed", problem, y, w, bias)

    def _result(self, call: str, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        text = self._call_text(call, problem, "" if bias is None else ", bias")
        return self.value(text, x=x, w=w, bias=bias)

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        text = self.vjp_script.format(variable="at", call="function(at)", zeros="start")
        return self.value(text, function=function, start=at, dy=upstream)

    def zeros(self, shape: Size, like: Any) -> Any:
        return self.value(self.zeros_script.format(shape=shape), dy=like)


@lru_cache(maxsize=256)
def _compiled(text: str) -> tuple[CodeType, CodeType]:
    """Return the code of the lines before the last one, and of the expression that is last."""
    tree = ast.parse(text)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise ValueError(f"the last line of {text!r} is a statement; allowed: an expression")
    return _code(tree, "exec"), _code(ast.Expression(last.value), "eval")


@lru_cache(maxsize=256)
def _code_of_lines(lines: str) -> CodeType:
    return _code(lines, "exec")


def _code(source: str | ast.Module | ast.Expression, mode: str) -> CodeType:
    """Return the code of what is run, by whose name messages say where in it an error was raised."""
    code: CodeType = compile(source, FILE, mode)
    return code.replace(co_name="script")


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.pop(name, None) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
