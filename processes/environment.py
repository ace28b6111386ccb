"""The environment of a process that asks: our own code first on its path, and one thread for every library."""

import os
import sys
from pathlib import Path

# On the suite's small shapes threads cost ten to thirty times what they save.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def importing() -> dict[str, str]:
    """Return the environment with the code that runs now first on the path, wherever it was started from."""
    package = sys.modules[__name__.partition(".")[0]]
    home = str(Path(package.__file__ or "").resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))}


def asking() -> dict[str, str]:
    """Return the environment of a process that asks frameworks: one thread, and no warnings, which are no verdicts."""
    return {"PYTHONWARNINGS": "ignore", **importing(), **ONE_THREAD}


def settle_threads() -> None:
    """Ask for one thread in this process, before NumPy is imported; what the user has set stays."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
