"""What stands above a script: who was asked what, on which machine, and which case it comes from."""

import platform

from convformance import __version__
from convformance.adapters.contract import Adapter
from convformance.reference.operation import BY_NAME
from convformance.scripts.lines import comment


def meaning_of(operation: str) -> str:
    """Return in words what an operation is."""
    kind = "transposed convolution" if BY_NAME[operation].transposed else "convolution"
    result = BY_NAME[operation].meaning.removeprefix("its ")
    return f"{result} of a {kind}" if BY_NAME[operation].is_gradient else kind


def framework_text(adapter: Adapter) -> str:
    """Return the framework, its version and its mode."""
    mode = ", ".join(adapter.off_default(adapter.mode))
    return f"{adapter.distribution or adapter.name} {adapter.version()}{mode and f' ({mode})'}"


def origin(adapter: Adapter, case_id: str) -> list[str]:
    """Return the comment that says where a script was written, and which case it comes from."""
    python = f"Python {platform.python_version()}"
    text = f"{adapter.machine.phrase}; {python}. Found by convformance {__version__} in the case {case_id}."
    return comment(text, 3)
