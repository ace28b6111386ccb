"""``convformance explain``: arrays from files of every format, one answer or two, text or JSON, and the exit status."""

import json
import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters import files
from convformance.cli import main
from convformance.reference.arrays import Array
from tests.answers.numbers import BFLOAT16, operands, summed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder, the current one, with x.npy, w.npy and y.npy of stride 2 and padding 1, and turned.npy."""
    x, w = operands()
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "w.npy", w)
    np.save(tmp_path / "y.npy", summed(x, w, stride=2, padding=1))
    np.save(tmp_path / "turned.npy", summed(x, w[:, :, ::-1, ::-1], stride=2, padding=1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_safetensors(path: Path, tensors: dict[str, tuple[str, Array]]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    content = b""
    for name, (kind, array) in tensors.items():
        end = len(content) + array.nbytes
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(content), end]}
        content += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)


STATED = ("--stride", "2", "--padding", "1")


def test_a_right_answer_ends_with_0_and_a_wrong_one_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "x.npy", "w.npy", "y.npy", *STATED]) == 0
    assert capsys.readouterr().out.startswith("the difference is rounding")
    assert main(["explain", "x.npy", "w.npy", "turned.npy", *STATED]) == 1
    assert "kernel-rotated" in capsys.readouterr().out


def test_settings_of_each_axis_are_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ("--stride", "2,2", "--padding", "((1, 1), (1, 1))", "--dilation", "1,1")
    assert main(["explain", "x.npy", "w.npy", "y.npy", *pairs, "--grade", "componentwise"]) == 0
    assert main(["explain", "x.npy", "w.npy", "y.npy", "--stride", "2"]) == 1
    assert "and the numbers are right" in capsys.readouterr().out


def test_json_is_a_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "x.npy", "w.npy", "turned.npy", *STATED, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "convformance-explain/1"
    assert document["explains"][0]["name"] == "kernel-rotated"


def test_two_answers_are_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, w = operands()
    np.save("other.npy", summed(x, w, stride=2, padding=1, sums=np.float64))
    arguments = ["explain", "x.npy", "w.npy", "y.npy", *STATED, "--against"]
    assert main([*arguments, "other.npy"]) == 0
    assert capsys.readouterr().out.startswith("the two answers differ by rounding, by ")
    assert main([*arguments, "turned.npy"]) == 1
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.endswith("turned.npy is not the convolution asked for, y.npy is")
    assert main([*arguments, "turned.npy", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["answer"]["ok"], document["against"]["ok"]) == (False, True, False)


def test_one_file_may_hold_everything(folder: Path) -> None:
    x, w = operands()
    bias = np.arange(4, dtype=np.float32)
    np.savez("all.npz", x=x, w=w, y=summed(x, w) + bias[:, None, None], bias=bias)
    assert main(["explain", "all.npz"]) == 0
    assert main(["explain", "all.npz:x", "all.npz:w", "all.npz:y", "--bias", "all.npz:bias"]) == 0
    assert main(["explain", "all.npz:x", "all.npz:w", "all.npz:y"]) == 1


def test_gradients_are_read_in_the_order_of_their_operands(folder: Path) -> None:
    np.save("db.npy", np.load("y.npy").astype(np.float64).sum(axis=(0, 2, 3)).astype(np.float32))
    assert main(["explain", "y.npy", "db.npy", "--op", "conv_bias_grad"]) == 0
    assert main(["explain", "y.npy", "w.npy", "x.npy", "--op", "conv_input_grad", *STATED]) == 1


def test_bfloat16_is_read_from_both_formats_that_can_hold_it(folder: Path) -> None:
    x, w = operands(BFLOAT16)
    y = summed(x, w, sums=np.float32)
    write_safetensors(folder / "all.safetensors", {"x": ("BF16", x), "w": ("BF16", w), "y": ("BF16", y)})
    np.save("x16.npy", x)
    assert files.read_arrays("all.safetensors")["y"].dtype == BFLOAT16
    assert np.array_equal(files.read_array("x16.npy"), x)
    assert main(["explain", "all.safetensors"]) == 0
    assert main(["explain", "x16.npy", "all.safetensors:w", "all.safetensors:y", "--grade", "componentwise"]) == 0


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("F64", "<f8"), ("F16", "<f2"), ("I32", "<i4"), ("U8", "u1"), ("F8_E5M2", ml_dtypes.float8_e5m2)],
)
def test_the_types_of_safetensors_are_read(folder: Path, kind: str, dtype: Any) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    write_safetensors(folder / "one.safetensors", {"a": (kind, array)})
    read = files.read_array("one.safetensors")
    assert read.dtype == np.dtype(dtype)
    assert np.array_equal(read, array)


def test_files_of_torch_are_read_where_it_is_installed(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    x, w = (torch.from_numpy(array) for array in operands())
    torch.save({"x": x, "w": w, "y": torch.from_numpy(summed(*operands()))}, "all.pt")
    torch.save(w.bfloat16(), "w.pt")
    assert main(["explain", "all.pt"]) == 0
    assert files.read_array("w.pt").shape == (4, 3, 3, 2)


def test_a_pickle_is_never_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("objects.npy", np.array([print], dtype=object), allow_pickle=True)
    assert main(["explain", "objects.npy", "w.npy", "y.npy"]) == 2
    assert "objects.npy cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x.npy", "w.npy"], "conv takes the files of x, w and then its answer; 2 were given"),
        (["x.npy", "w.npy", "none.npy"], "the file none.npy does not exist"),
        (["x.npy", "w.npy", "y.txt"], "y.txt: the ending says no format"),
        (["two.npz", "w.npy", "y.npy"], "two.npz holds 2 arrays; allowed: two.npz:NAME with one of a, b"),
        (["two.npz:c", "w.npy", "y.npy"], "two.npz holds no array 'c'"),
        (["two.npz"], "two.npz holds a, b; allowed: x, w and one of y,"),
        (["cut.safetensors", "w.npy", "y.npy"], "cut.safetensors cannot be read: its header is longer than the file"),
        (["short.safetensors", "w.npy", "y.npy"], "short.safetensors cannot be read: a has 4 bytes for shape (2,)"),
        (["text.npy", "w.npy", "y.npy"], "text.npy cannot be read"),
        (["x.npy", "w.npy", "y.npy", *STATED, "--bias", "x.npy"], "bias has shape"),
        (["x.npy", "w.npy", "y.npy", "--op", "conv_sum"], "operation='conv_sum' is unknown"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    np.savez("two.npz", a=np.ones(2), b=np.ones(2))
    (folder / "y.txt").write_text("1")
    (folder / "text.npy").write_text("1")
    (folder / "cut.safetensors").write_bytes(struct.pack("<Q", 1000) + b"{")
    write_safetensors(folder / "short.safetensors", {"a": ("F32", np.ones(1, "<f4"))})
    content = (folder / "short.safetensors").read_bytes().replace(b'"shape": [1]', b'"shape": [2]')
    (folder / "short.safetensors").write_bytes(content)
    assert main(["explain", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("convformance: ")
    assert says in error
    assert len(error.splitlines()) == 1
