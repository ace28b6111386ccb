"""What a mode switches off in PyTorch, which is global: set before each call, put back after it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

Function = Callable[..., Any]
# The options that are on by default: what each switches off, below torch.backends.
_SWITCHES = {"mkldnn": ("mkldnn", "enabled"), "tf32": ("cudnn", "allow_tf32")}


def _switched_off(mode: Mapping[str, str]) -> list[tuple[str, str]]:
    return [switch for option, switch in _SWITCHES.items() if mode[option] == "off"]


def settings_text(mode: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of a script that switch off what ``mode`` does."""
    return tuple(f"torch.backends.{backend}.{name} = False" for backend, name in _switched_off(mode))


def with_settings(torch: Any, function: Function, mode: Mapping[str, str], threads: int) -> Function:
    """Return ``function`` on ``threads`` threads, without oneDNN or TF32 where ``mode`` says so."""
    switched = [(getattr(torch.backends, backend), name) for backend, name in _switched_off(mode)]

    def run(*operands: Any) -> Any:
        if torch.get_num_threads() != threads:  # another mode may have set them since
            torch.set_num_threads(threads)
        with ExitStack() as stack:
            for owner, name in switched:
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, False)
            return function(*operands)

    return run
