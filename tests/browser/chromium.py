"""Finds Chromium; run as a script it installs Debian's where there is none, for the tox environment that needs one.

python -m tests.browser.chromium
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive"}


def path() -> str | None:
    """Return where Chromium is, or None."""
    return next((program for name in NAMES if (program := shutil.which(name))), None)


def install() -> str | None:
    """Install Chromium where there is none; return what keeps it from being there, or None."""
    if path():
        return None
    if not shutil.which("apt-get"):
        return f"there is no Chromium on the path ({', '.join(NAMES)}) and no apt-get to install it with"
    if os.geteuid():
        rule = "only root can install it: run `apt-get install chromium` as root first"
        return f"there is no Chromium on the path, and {rule}"
    for command in INSTALL:
        code = subprocess.run(command, env={**os.environ, **UNATTENDED}, check=False).returncode
        if code:
            return f"`{' '.join(command)}` failed with status {code}"
    return None if path() else "apt-get installed chromium, but there is still none on the path"


if __name__ == "__main__":
    sys.exit(install())
