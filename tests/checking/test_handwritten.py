"""The command line on files as different people write them, with the options that the docs name."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANDWRITTEN = Path(__file__).with_name("handwritten")

HW = ("--layout", "HW")
BACKWARD = ("--returns", "conv_input_grad,conv_filter_grad,conv_bias_grad")
TRANSPOSED_BACKWARD = ("--returns", "conv_transpose_input_grad,conv_transpose_filter_grad")
PARAMS = (
    "lambda fn, x, w, bias, problem: "
    "fn(x, w, bias, {'stride': single_value(problem.stride), 'pad': one(problem.padding)})"
)
STRIDE_1 = ("--fixed", "stride=1", "--fixed", "dilation=1", "--fixed", "groups=1")


@dataclass(frozen=True)
class Expected:
    """A function of a file, the options, the exit status, and what the text must say."""

    target: str
    options: tuple[str, ...]
    status: int
    says: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.target.replace(".py:", "-")


EXPECTED = (
    Expected("plain_loops.py:conv2d", HW, 0, ("is right", "no parameter for them", "not in the layout")),
    Expected(
        "true_convolution.py:conv2d",
        HW,
        1,
        ("kernel-rotated", "Smallest failing case: conv2d(image, kernel)", "difference  [[1]]"),
    ),
    Expected("blur.py:filter2d", (*HW, "--padding", "same"), 0, ("is right", "padding same")),
    Expected("blur.py:filter2d_centred", (*HW, "--padding", "same"), 1, ("same-lower-for-upper",)),
    Expected("homework.py:conv_forward", (), 0, ("is right", "returns 2 results", "stride is a number")),
    Expected("homework.py:conv_backward", BACKWARD, 0, ("conv_bias_grad: right in all",)),
    Expected("homework.py:conv_backward", (), 0, ("conv_bias_grad: right in all", "by the names that it returns")),
    Expected(
        "homework.py:conv_backward",
        (*BACKWARD, "--padding", "0", *STRIDE_1, "--call", "lambda fn, x, w, dy, problem: fn(dy, (x, w, None, 1, 0))"),
        0,
        ("conv_bias_grad: right in all",),
    ),
    Expected("homework.py:conv_forward_params", (), 0, ("is right", "pad is a number")),
    Expected(
        "homework.py:conv_forward_params",
        ("--fixed", "dilation=1", "--fixed", "groups=1", "--call", PARAMS),
        0,
        ("is right",),
    ),
    Expected("channels_last.py:conv2d", ("--layout", "NHWC", "--filter-layout", "HWIO"), 0, ("padding is a name",)),
    Expected(
        "channels_last.py:conv2d_swapped", ("--layout", "NHWC", "--filter-layout", "HWIO"), 1, ("stride-axes-swapped",)
    ),
    Expected("colour.py:apply_filter", ("--layout", "HWC", "--filter-layout", "HWI"), 0, ("is right",)),
    Expected("everything.py:conv2d", (), 0, ("is right",)),
    Expected("everything.py:conv2d_interleaved", (), 1, ("groups-interleaved",)),
    Expected("backward.py:backward", BACKWARD, 0, ("conv_input_grad: right in all", "conv_bias_grad: right in all")),
    Expected(
        "backward.py:backward_unstrided",
        ("--returns", "conv_input_grad,conv_filter_grad"),
        1,
        ("stride-ignored", "backward_unstrided(dout, x, w, stride=2)"),
    ),
    Expected("transposed.py:forward", ("--op", "conv_transpose"), 0, ("is right",)),
    Expected("transposed.py:backward", TRANSPOSED_BACKWARD, 1, ("kernel-rotated", "gradient-rotated")),
    Expected("transposed.py:backward_mended", TRANSPOSED_BACKWARD, 0, ("conv_transpose_filter_grad: right in all",)),
    Expected("one_dimensional.py:fir", ("--layout", "W", "--fixed", "step=1"), 0, ("is right",)),
    Expected("one_dimensional.py:fir", ("--layout", "W"), 0, ("is right",)),
    Expected("one_dimensional.py:fir_short", ("--layout", "W"), 1, ("last",)),
    Expected("volume.py:conv3d", ("--layout", "DHW"), 0, ("is right",)),
    Expected("spectral.py:conv2d", HW, 0, ("is right, with the accuracy of a fast algorithm", "spreads further")),
    Expected("spectral.py:conv2d", (*HW, "--grade", "conformant"), 1, ('grade="norm-wise"', "less accurate")),
    Expected("careless.py:talkative", HW, 1, ("prints", "shapes: ")),
    Expected("careless.py:greedy", HW, 1, ("operand-changed", "changed its operand x")),
    Expected("careless.py:brittle", HW, 1, ("IndexError: window past the end", "brittle(image, kernel, stride=2)")),
    Expected("careless.py:endless", (*HW, "--seconds", "0.3"), 1, ("timed-out", "no answer after 3 s")),
    Expected("careless.py:deadly", HW, 1, ("crashed", "deadly(image, kernel, stride=")),
)


def convformance(*arguments: str, folder: Path = HANDWRITTEN) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # More time than all questions take on any machine: what is found does not hang on the clock.
    seconds = () if "--seconds" in arguments else ("--seconds", "60")
    command = [sys.executable, "-P", "-m", "convformance", "check", *arguments, *seconds]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("expected", EXPECTED, ids=str)
def test_a_reader_is_told_what_the_file_shows(expected: Expected) -> None:
    done = convformance(expected.target, *expected.options)
    assert done.returncode == expected.status, done.stdout + done.stderr
    output = done.stderr if expected.status == 2 else done.stdout
    for text in expected.says:
        assert text in " ".join(output.split()) or text in output, output
    assert len(output.splitlines()) <= 40
    assert max(map(len, output.splitlines())) <= 100 or expected.status == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuch.py:f",), "does not exist"),
        (("plain_loops.py",), "FILE.py:FUNCTION"),
        (("plain_loops.py:nosuch",), "functions in it: conv2d"),
        (("plain_loops.py:conv2d", "--layout", "HX"), "allowed: letters of"),
        (("plain_loops.py:conv2d", "--layout", "HW", "--filter-layout", "W"), "the same spatial letters"),
        (("plain_loops.py:conv2d", "--op", "convolve"), "conv_filter_grad"),
        (("plain_loops.py:conv2d", "--dtype", "float31"), "float32"),
        (("plain_loops.py:conv2d", "--fixed", "stride"), "NAME=VALUE"),
        (("plain_loops.py:conv2d", "--fixed", "speed=3"), "speed=3 is no parameter of conv2d"),
        (("plain_loops.py:conv2d", "--call", "lambda:"), "cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_status_2(arguments: tuple[str, ...], message: str) -> None:
    done = convformance(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_file_with_a_syntax_error_is_one_sentence_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(x, w):\n    return x +\n")
    done = convformance("broken.py:f", folder=tmp_path)
    assert done.returncode == 2
    assert "SyntaxError" in done.stderr
    assert "line 2" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_file_may_print_import_its_neighbours_and_have_the_name_of_a_library(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("import numpy as np\n")
    text = "from neighbour import np\nprint('{}')\ndef f(x, w):\n    return np.convolve(x, w[::-1], 'valid')\n"
    (tmp_path / "signal.py").write_text(text)
    done = convformance("signal.py:f", "--layout", "W", "--html", "page.html", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_what_a_file_prints_at_import_beside_python_or_at_exit_changes_nothing(tmp_path: Path) -> None:
    lines = (
        "import atexit, os",
        "import numpy as np",
        "print('imported')",
        "atexit.register(print, 'ended')",
        "def f(x, w):",
        '    os.write(1, b\'{"kind": "findings"}\\n\')',
        "    return np.convolve(x, w[::-1], 'valid')",
    )
    (tmp_path / "chatty.py").write_text("\n".join(lines))
    done = convformance("chatty.py:f", "--layout", "W", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("f as conv is right")
    assert "imported" in done.stderr


def test_a_process_that_ends_before_anything_is_asked_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "gone.py").write_text("import os\nos._exit(3)\n")
    done = convformance("gone.py:f", folder=tmp_path)
    assert done.returncode == 2
    assert "gone.py:f: the process ended with status 3 before anything could be asked" in done.stderr
