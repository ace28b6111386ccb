"""The catalogue is current, and whoever looks for the script of a divergence finds it or learns why there is none."""

import re

import pytest

from tests.arguments.asking import table_of
from tests.findings import page
from tests.findings.catalogue import FOLDER, LONGEST, PAGE, WITHOUT, Entry, entries

NAMES = {entry.name: entry for entry in entries()}


def scripts() -> list[Entry]:
    return [entry for entry in NAMES.values() if entry.script is not None]


def test_the_page_is_what_the_known_divergences_and_their_scripts_make() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page.text(table_of(written)), "python -m tests.findings writes it anew"


def test_every_divergence_has_a_script_or_a_reason_why_not() -> None:
    assert {name for name, entry in NAMES.items() if entry.script is None} == set(WITHOUT)


def test_every_script_belongs_to_a_divergence() -> None:
    files = {str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.py")}
    assert files == {entry.name for entry in scripts()}


@pytest.mark.parametrize("entry", scripts(), ids=lambda entry: entry.name)
def test_a_script_is_short_and_says_to_a_stranger_who_was_asked_and_how_it_ends(entry: Entry) -> None:
    text = entry.script or ""
    lines = text.splitlines()
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith(f"# {entry.adapter.distribution or entry.adapter.name} ")
    assert re.search(r"x86-64 with A|GPU of compute capability", text.partition("\nimport")[0].replace("\n# ", " "))
    assert lines[-1].startswith("# It ends ")
    assert "import convformance" not in text
    assert "from convformance" not in text
    compile(text, entry.name, "exec")


def test_a_divergence_is_said_with_its_condition_its_machines_and_its_first_version() -> None:
    text = page.text(["| table |"])
    section = text.partition("### conv3d-same-past-the-kernel\n")[2].partition("###")[0]
    for part in (
        "pads SAME by a negative",
        "three spatial axes, SAME",
        "- machines: all",
        "- since: 2.21",
        "- script: [",
    ):
        assert part in section
    assert "- related: <https://github.com/scipy/scipy/issues/15927>" in text
    assert "Nothing here was sent to anybody" in text
    assert "| table |" in text


def test_forty_causes_and_more_are_reproduced() -> None:
    shown = {(entry.adapter.name, entry.divergence.reason) for entry in scripts()}
    assert len(shown) >= 40
    assert f"{len(scripts())} have a script" in page.count()
