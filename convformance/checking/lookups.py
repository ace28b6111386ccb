"""The names that code looks up beyond its own."""

import builtins
import dis
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

_LISTED = 300  # characters


def check_names(call: Callable[..., Any]) -> None:
    """Raise ValueError where a call uses a name that means nothing, so that no function is blamed for it."""
    code = getattr(call, "__code__", None)
    own = getattr(call, "__globals__", {})
    unknown = [name for name in global_names(code) if name not in {**vars(builtins), **own}] if code else []
    if unknown:
        listed = ", ".join(name for name in own if not name.startswith("_"))[:_LISTED]
        raise ValueError(f"the call uses {unknown[0]}, which means nothing in it; names that it can use: {listed}")


def global_names(code: CodeType) -> Iterator[str]:
    """Yield the names that code looks up globally, those of functions inside it as well."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from global_names(constant)
