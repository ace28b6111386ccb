"""PyTorch's modes that compute by a program made of a function: ``torch.compile``, ``torch.export``, AOTInductor."""

from collections.abc import Callable
from typing import Any

from convformance.adapters.contract import Adapter, Refusal
from convformance.adapters.torch_derivatives import TorchDerivatives

Function = Callable[..., Any]

COMPILE, EXPORT, AOT = MODES = ("compile", "export", "aot")
# How a script makes the program: the lines before it, and the call.
_EXPORTED = """\
class Exported(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
    def forward(self, *operands):
        return self.function(*operands)"""
_RUN = {EXPORT: "{}.module()", AOT: "torch._inductor.aoti_load_package(torch._inductor.aoti_compile_and_package({}))"}


class TorchExported(Adapter):
    """The modes of torch that make a program of a function first; a part of the adapter for torch."""

    torch: Any

    def _compiled(self, function: Function) -> Function:
        """Return the function as the mode compiles it."""
        mode = self.mode["mode"]
        if mode in _RUN:
            return _exported(self.torch, _traceable(function), packaged=mode == AOT)
        if mode != COMPILE:
            return function
        # Every problem is a function of its own, never a recompilation of the last: past a limit those run uncompiled.
        self.torch.compiler.reset()
        compiled: Function = self.torch.compile(function, dynamic=False)
        return compiled

    def _compiled_text(self) -> str:
        if self.mode["mode"] in _RUN:
            program = "torch.export.export(Exported(call), operands)"
            return f"lambda *operands: {_RUN[self.mode['mode']].format(program)}(*operands)"
        return "torch.compile(call, dynamic=False)" if self.mode["mode"] == COMPILE else ""

    def _compiled_setup(self) -> tuple[str, ...]:
        return (_EXPORTED,) if self.mode["mode"] in _RUN else ()


def _traceable(function: Function) -> Function:
    """Return the function; raises Refusal for one that fails while it is exported, and leaves the process spoilt."""
    method = getattr(function, "func", function).__name__
    if hasattr(vars(TorchDerivatives).get(method), "_routes"):
        raise Refusal("torch.export does not trace maps, and derivatives forward or of derivatives")
    return function


def _exported(torch: Any, function: Function, *, packaged: bool) -> Function:
    """Return the function exported for each kind of operands, and compiled into a package if that is asked."""

    class Exported(torch.nn.Module):  # type: ignore[misc]
        def forward(self, *operands: Any) -> Any:
            return function(*operands)

    programs: dict[Any, Function] = {}

    def run(*operands: Any) -> Any:
        kinds = tuple((each.dtype, each.shape, each.stride()) for each in operands)
        if kinds not in programs:
            program = torch.export.export(Exported(), operands)
            programs[kinds] = _loaded(torch, program) if packaged else program.module()
        return programs[kinds](*operands)

    return run


def _loaded(torch: Any, program: Any) -> Function:
    """Return what AOTInductor compiles of the program."""
    package = torch._inductor.aoti_compile_and_package(program)
    loaded: Function = torch._inductor.aoti_load_package(package)
    return loaded
