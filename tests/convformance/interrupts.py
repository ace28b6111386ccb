"""How a command is started that hears interrupts, whatever starts the tests, or that ignores them."""

import sys
from collections.abc import Sequence

_START = "import os, signal, sys; signal.signal(signal.SIGINT, signal.{}); os.execv(sys.argv[1], sys.argv[1:])"


def with_interrupts(command: Sequence[str], heard: str) -> list[str]:
    """Return the command that starts ``command`` with ``SIG_DFL`` or ``SIG_IGN`` for interrupts."""
    return [sys.executable, "-c", _START.format(heard), *command]
