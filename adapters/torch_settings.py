"""What a mode switches in PyTorch, which is global: set before each call, put back after it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

Function = Callable[..., Any]
# How a script writes each setting that is not the default.
_TEXTS = {
    ("mkldnn", "off"): "torch.backends.mkldnn.enabled = False",
    ("tf32", "off"): "torch.backends.cudnn.allow_tf32 = False",
}


def settings_text(mode: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of a script that switch what ``mode`` switches."""
    return tuple(text for (option, value), text in _TEXTS.items() if mode[option] == value)


def with_settings(torch: Any, function: Function, mode: Mapping[str, str], threads: int) -> Function:
    """Return ``function`` on ``threads`` threads, without oneDNN or TF32 where ``mode`` says so."""
    switched = [(torch.backends.mkldnn, "enabled")] * (mode["mkldnn"] == "off")
    switched += [(torch.backends.cudnn, "allow_tf32")] * (mode["tf32"] == "off")

    def run(*operands: Any) -> Any:
        if torch.get_num_threads() != threads:  # another mode may have set them since
            torch.set_num_threads(threads)
        with ExitStack() as stack:
            for owner, name in switched:
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, False)
            return function(*operands)

    return run
