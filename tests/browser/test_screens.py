"""Pictures of every view, kept below out/report-screens/ to be looked at."""

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.browser.browsing import DESKTOP, PHONE, Visiting
from tests.browser.conftest import Shown
from tests.browser.test_using import first_finding

PNG = b"\x89PNG\r\n\x1a\n"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {"color_scheme": "light", "viewport": PHONE, "device_scale_factor": 2},
}


@pytest.mark.parametrize("which", ["real", "large", "small", "injected"])
@pytest.mark.parametrize("look", LOOKS)
def test_pictures_are_taken_of_every_view(
    look: str, which: str, visit: Visiting, screens: Path, request: pytest.FixtureRequest
) -> None:
    shown: Shown = request.getfixturevalue(which)
    visited = visit(shown.page, **LOOKS[look])
    page = visited.go()
    taken = []
    for view in visited.views():
        visited.show(view)
        if view == "findings":
            first_finding(page)
        taken.append(screens / f"{which}-{look}-{view}.png")
        page.screenshot(path=taken[-1])
    pictures = [path.read_bytes() for path in taken]
    scale, size = LOOKS[look].get("device_scale_factor", 1), LOOKS[look]["viewport"]
    assert {dimensions(picture) for picture in pictures} == {(scale * size["width"], scale * size["height"])}
    assert len(set(pictures)) == len(pictures), "every view looks different"


def dimensions(picture: bytes) -> tuple[int, int]:
    """Return width and height from the header of a PNG."""
    assert picture.startswith(PNG)
    width, height = struct.unpack(">II", picture[16:24])
    return width, height
