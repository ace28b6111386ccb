"""What a file defines is taken out of it, whatever else stands there and wherever it lies."""

import json
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from convformance.processes import sources
from convformance.processes.loading import LoadError
from convformance.processes.sources import source_of


def written(folder: Path, name: str, *lines: str) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def notebook(folder: Path, *cells: tuple[str, ...]) -> str:
    code = [{"cell_type": "code", "source": [f"{line}\n" for line in cell]} for cell in cells]
    return written(
        folder, "mine.ipynb", json.dumps({"cells": [{"cell_type": "markdown", "source": "def no(:"}, *code]})
    )


def test_what_fails_at_the_top_level_is_left_out_and_named(tmp_path: Path) -> None:
    lines = ("import sys", "sys.exit('no file')", "def wanted():", "    return LATER", "open('nowhere')", "LATER = 3")
    source = source_of(written(tmp_path, "script.py", *lines), "wanted")
    assert source.module.wanted() == 3
    assert source.left_out == ["left out of script.py: SystemExit: no file (script.py, line 2), and 1 more statements "
                               "that fail or take long"]  # fmt: skip


def test_what_is_missing_in_consequence_has_the_first_reason(tmp_path: Path) -> None:
    lines = ("from no_such_package import base", "class Layer(base.Layer):", "    pass", "KNOWN = 1")
    source = source_of(written(tmp_path, "script.py", *lines), "Layer")
    assert set(source.missing) == {"base", "Layer"}
    assert all("No module named 'no_such_package'" in reason for reason in source.missing.values())


def test_work_that_does_not_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "WORK_SECONDS", 0.2)
    source = source_of(written(tmp_path, "script.py", "while True:", "    pass", "def wanted(): return 1"), "wanted")
    assert source.module.wanted() == 1
    assert "line 1: takes more than 0.2 s" in source.left_out[0]


def test_a_main_block_does_not_run_and_the_future_holds_for_all_that_follows(tmp_path: Path) -> None:
    lines = ("from __future__ import annotations", "def wanted(x: NoSuchType): return 1",
             "if __name__ == '__main__':", "    raise ValueError")  # fmt: skip
    source = source_of(written(tmp_path, "script.py", *lines), "wanted")
    assert source.module.wanted.__annotations__ == {"x": "NoSuchType"}
    assert source.left_out == []


@pytest.mark.parametrize("package", [True, False], ids=["with-init", "without-init"])
def test_a_file_imports_relatively_as_in_its_package(tmp_path: Path, package: bool) -> None:
    name = f"a_package_{'with' if package else 'without'}"
    written(tmp_path, f"{name}/shared.py", "NUMBER = 5")
    path = written(tmp_path, f"{name}/inner/mine.py", "from ..shared import NUMBER", "from .near import NEAR")
    written(tmp_path, f"{name}/inner/near.py", "NEAR = 6")
    if package:
        written(tmp_path, f"{name}/__init__.py", "from .inner.mine import NUMBER")
        written(tmp_path, f"{name}/inner/__init__.py", "")
    module = source_of(path, "NUMBER").module
    assert (module.NUMBER, module.NEAR) == (5, 6)
    assert (module.__name__ == f"{name}.inner.mine") == package


def test_a_package_that_cannot_be_imported_does_not_hide_a_file_of_it(tmp_path: Path) -> None:
    written(tmp_path, "a_broken_package/__init__.py", "raise RuntimeError")
    written(tmp_path, "a_broken_package/near.py", "NUMBER = 7")
    path = written(tmp_path, "a_broken_package/mine.py", "from .near import NUMBER")
    assert source_of(path, "NUMBER").module.NUMBER == 7


def test_a_module_has_a_dotted_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "a_dotted_package/part.py", "NUMBER = 8")
    monkeypatch.chdir(tmp_path)
    assert source_of("a_dotted_package.part", "NUMBER").module.NUMBER == 8
    with pytest.raises(LoadError, match="No module named"):
        source_of("a_dotted_package.nothing", "NUMBER")
    with pytest.raises(FileNotFoundError):
        source_of("nothing.py", "NUMBER")


def test_a_compiled_module_is_taken_from_its_file(tmp_path: Path) -> None:
    headers = Path(sysconfig.get_paths()["include"])
    compiler = shutil.which("cc")
    if compiler is None or not (headers / "Python.h").is_file():
        pytest.skip("no compiler, or no headers of Python")
    lines = (
        "#include <Python.h>",
        "static PyObject *answer(PyObject *self, PyObject *nothing) { return PyLong_FromLong(42); }",
        'static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};',
        'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiled", "", -1, methods};',
        "PyMODINIT_FUNC PyInit_compiled(void) { return PyModule_Create(&module); }",
    )
    target = tmp_path / f"compiled{EXTENSION_SUFFIXES[0]}"
    command = [compiler, "-shared", "-fPIC", f"-I{headers}", written(tmp_path, "compiled.c", *lines), "-o", str(target)]
    subprocess.run(command, check=True)
    assert source_of(str(target), "answer").module.answer() == 42


def test_a_notebook_defines_and_does_not_work(tmp_path: Path) -> None:
    cells = (
        ("%matplotlib inline", "import math", "SIZE = 3"),
        ("!pip install nothing", "%%time"),
        ("%%bash", "ls 'unclosed"),
        ("def helper(x):", "    return x * FACTOR", "print('worked')", "raise ValueError"),
        ("FACTOR = math.sqrt(SIZE + 1)", "OTHER = math.sqrt(-1)"),
        ("def wanted(x):", "    return helper(x)", "wanted?"),
        ("for step in iter(int, 1):", "    pass"),
        ("def broken(:",),
    )
    source = source_of(notebook(tmp_path, *cells), "wanted")
    assert source.module.wanted(5) == 10.0
    assert not hasattr(source.module, "OTHER")
    assert any(text.endswith("(cells 4, 5, 7)") for text in source.left_out)
    assert any("SyntaxError" in text and "cell 8" in text for text in source.left_out)


def test_a_notebook_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    for text in ("{}", "no json", '{"cells": 1}'):
        with pytest.raises(LoadError, match="no notebook"):
            source_of(written(tmp_path, "mine.ipynb", text), "wanted")


def test_the_code_of_a_notebook_can_be_looked_up(tmp_path: Path) -> None:
    import inspect

    source = source_of(notebook(tmp_path, ("def wanted(x):", "    return x")), "wanted")
    assert inspect.getsource(source.module.wanted) == "def wanted(x):\n    return x\n"
    assert source.module.__name__ in sys.modules
