"""Take a picture of a report: ``python docs/picture.py out/report.html docs/report.png [ADDRESS]``.

ADDRESS is a place on the page as its address bar shows it behind the #: ``view=features``, or ``case=ID`` with more.
Needs a headless Chromium (Debian's package ``chromium``). The pictures of README and of these pages are made so from
one standard run:

    report.png      (no address)
    features.png    view=features
    precision.png   view=precision
    case.png        case=regression-n1c1o1-7x7-k2x2-s2x2-d2x2&adapter=tensorflow
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# The page decodes its data after it is loaded; so long, in milliseconds of its own clock, it is given for that.
PATIENCE = 5000
WIDTH, HEIGHT = 1240, 1280


def main(report: str, picture: str, address: str = "") -> int:
    """Render the first screen of ``report`` at ``address`` to ``picture``; return the browser's exit status."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on the path: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as profile:
        page = Path(report).resolve().as_uri() + (f"#{address}" if address else "")
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        timed = [f"--window-size={WIDTH},{HEIGHT}", f"--virtual-time-budget={PATIENCE}"]
        shot = [*timed, f"--screenshot={Path(picture).resolve()}", page]
        return subprocess.run([browser, *quiet, *shot], check=False, stderr=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
