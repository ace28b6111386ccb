"""A user's file becomes a module once, under a name of its own, and what it raises becomes a sentence."""

import sys
from pathlib import Path

import pytest

from convformance.processes.loading import LoadError, error_text, module_of_file, module_of_name


def test_a_file_is_run_once_and_may_have_the_name_of_a_library(tmp_path: Path) -> None:
    file = tmp_path / "json.py"
    file.write_text("import math\nCOUNT = [1]\n")
    module = module_of_file(file)
    assert module is module_of_file(str(file))
    assert sys.modules["json"] is not module


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(f"NAME = {folder!r}\n")
    assert [module_of_file(tmp_path / folder / "mine.py").NAME for folder in ("a", "b")] == ["a", "b"]


def test_neighbours_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "a_neighbour_of_mine.py").write_text("NUMBER = 3\n")
    (tmp_path / "mine.py").write_text("from a_neighbour_of_mine import NUMBER\n")
    assert module_of_file(tmp_path / "mine.py").NUMBER == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nraise ValueError('two\\nlines')\n", "ValueError: two lines (mine.py, line 2)"),
        ("def f(:\n", "SyntaxError: invalid syntax (mine.py, line 1)"),
        ("import json\njson.loads('{')\n", "(mine.py, line 2)"),
        ("raise SystemExit(3)\n", "SystemExit: 3 (mine.py, line 1)"),
    ],
)
def test_what_a_file_raises_is_a_sentence_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(LoadError) as raised:
        module_of_file(tmp_path / "mine.py")
    assert message in str(raised.value)
    (tmp_path / "mine.py").write_text("FINE = True\n")
    assert module_of_file(tmp_path / "mine.py").FINE, "a file that could not be run is run again"


def test_a_file_and_a_module_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        module_of_file(tmp_path / "nowhere.py")
    with pytest.raises(LoadError, match=r"^ModuleNotFoundError: No module named 'no_such_package'$"):
        module_of_name("no_such_package.part")


def test_an_exception_without_a_message_says_so_and_names_the_innermost_function() -> None:
    def inner() -> None:
        raise KeyError

    with pytest.raises(KeyError) as raised:
        inner()
    assert error_text(raised.value).startswith("KeyError: no message (inner, line ")
