"""What is wrong with a new harness is said in words that say what to do."""

from pathlib import Path

import pytest

from tests.exchange.asking import convformance, spec_of

LITTLE = "allowed: little-endian, the lowest byte first"
WRONG = {
    "never-starts": ("ended with status 1", "on standard error it said: no licence"),
    "silent": ('nothing came within 3 s of {"cmd":"start","version":1} on its input',),
    "no-newline": ("bytes came and no end of a line", "\\n (byte 10)"),
    "buffered": ("it answered only when its input was closed", "flush the output after every message"),
    "banner": ("Welcome to my convolution!", "a banner belongs on standard error"),
    "two-lines": ("a line of JSON was due, and this came: '{'; a header is a single line",),
    "byte-order-mark": ("a header begins with {, and not with a mark of the byte order",),
    "wide-characters": ("a header is UTF-8, of one byte a character",),
    "empty-line": ("a line of JSON was due, and an empty one came",),
    "gone-in-the-line": ("ended with status 0", "15 bytes came and no end of a line"),
    "loads-for-ever": ("nothing came within 3 s", "on standard error it said: loading the model"),
    "lacks-in-text": ('capabilities is {"groups": "no"}; allowed: true or false for each',),
    "axes-as-truth": ("spatial is [true]; allowed: a list of some of 1, 2, 3",),
    "half-and-hangs": ("of the 8 bytes that its header announced 4 came", "writing the other half"),
    "buffers-answers": ("it answered only when its input was closed", "flush the output after every message"),
    "numberless": ('question 1 was asked, and the answer has no "seq": \'{"refused"',),
    "wider": ("its answer announced 8 bytes, and 8 bytes came that nobody asked for",),
    "old": ("version is 0; allowed: 1, the version of the protocol",),
    "nameless": ('name is "my conv!"; allowed: a short name of letters, digits, dots, dashes',),
    "writes-big-endian": (f"and writes them the other way round; {LITTLE}", "1 of these went wrong"),
    "reads-big-endian": ("it reads the bytes of a number the other way round",),
    "wrong-length": ("bytes is 3; allowed: 8, for shape [1, 1, 1, 1] of float64",),
    "chatter-on-stdout": ("a line of JSON was due, and this came: 'using 16 threads'",),
    "other-question": ('question 1 was asked, and the answer says "seq": 2',),
    "twice": ("that nobody asked for",),
    "shape": ("shape",),
    "flips": ("wrong in",),
    "dies": ("the process died of SIGABRT", "assertion failed: groups"),
    "hangs": ("no answer within 3 s", "waiting for a lock"),
    "refuses": ("it refuses what it said it offers: no groups here",),
    "fails": ('it says "error": out of tiles',),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_said(fault: str, tmp_path: Path) -> None:
    done = convformance("smoke", spec_of(fault), "--seconds", "3", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    last = done.stdout.splitlines()[-1]
    assert all(any(part in line for line in (*failed, last)) for part in WRONG[fault]), done.stdout


@pytest.mark.parametrize("limits", ["", "one-axis", "three-axes"])
def test_all_is_well_with_a_right_one(limits: str, tmp_path: Path) -> None:
    done = convformance("smoke", spec_of(limits), "--seconds", "60", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(line.startswith("ok ") for line in done.stdout.splitlines())
    assert "ends when its input is closed" in done.stdout


def test_what_is_no_command_is_a_usage_error(tmp_path: Path) -> None:
    done = convformance("smoke", "scipy", cwd=tmp_path)
    assert done.returncode == 2
    assert "allowed: exec:COMMAND" in done.stderr
