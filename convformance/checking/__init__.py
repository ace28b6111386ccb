"""Checking a bare function: is this convolution right?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convformance.checking.forms import even, one, single_value
    from convformance.checking.result import CheckResult
    from convformance.checking.run import check
    from convformance.checking.usage import UncallableError

_MODULES = {"CheckResult": "result", "UncallableError": "usage", "check": "run"}

__all__ = ["CheckResult", "UncallableError", "check", "even", "one", "single_value"]


def __getattr__(name: str) -> Any:
    """Return what is imported only when it is first used: the command line starts its other process before that."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'forms')}"), name)
