"""A cross-framework conformance suite for convolution: what is asked, who answers, the verdict and the report."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convformance.answers import Explanation, assert_close, bound, explain
    from convformance.checking import CheckResult, check, even, one, single_value

_CHECKING = ("CheckResult", "check", "even", "one", "single_value")
_ANSWERS = ("Explanation", "assert_close", "bound", "explain")

__all__ = [
    "CheckResult",
    "Explanation",
    "__version__",
    "assert_close",
    "bound",
    "check",
    "even",
    "explain",
    "one",
    "single_value",
]

__version__ = "0.1.0"

# In a checkout the rooms lie beside this package; an installed distribution has them below it.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "reference" / "__init__.py").is_file():
    __path__.append(str(_checkout))


def __getattr__(name: str) -> Any:
    """Return what is imported only when it is first used."""
    if name in _CHECKING:
        from convformance import checking

        return getattr(checking, name)
    if name in _ANSWERS:
        from convformance import answers

        return getattr(answers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
