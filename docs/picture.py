"""Take the picture of a report that README shows: ``python docs/picture.py out/report.html docs/report.png``.

Needs a headless Chromium (Debian's package ``chromium``).
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(report: str, picture: str) -> int:
    """Render the first screen of ``report`` to ``picture``; return the browser's exit status."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on the path: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as profile:
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        shot = ["--window-size=1240,1440", f"--screenshot={Path(picture).resolve()}", Path(report).resolve().as_uri()]
        return subprocess.run([browser, *quiet, *shot], check=False, stderr=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
