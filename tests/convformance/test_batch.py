"""Many scripts at once: each ends in a process of its own, and is said to end as it says or not."""

from collections.abc import Iterator

import pytest

from convformance.scripts import Batch
from convformance.scripts.checking import ENDS_IN, ENDS_WITHOUT, Ran, ending_without

RAISES = ENDS_IN.format(exception="AssertionError")
DIES = ending_without("the process died of SIGFPE")
IMPORTS = "import os\nimport signal\n"


@pytest.fixture(scope="module")
def batch() -> Iterator[Batch]:
    with Batch({"A_VARIABLE": "set"}, seconds=20) as batch:
        yield batch


@pytest.mark.parametrize(
    ("body", "says", "status", "diverges"),
    [
        ("assert 1 == 2", RAISES, 1, True),
        ("assert 1 == 1", RAISES, 0, False),
        ("1 / 0", RAISES, 1, False),
        ("import no_such_module", RAISES, 1, False),
        ("raise SystemExit(2)", RAISES, 2, False),
        ("os.kill(os.getpid(), signal.SIGFPE)", DIES, -8, True),
        ("os.kill(os.getpid(), signal.SIGSEGV)", DIES, -11, True),
        ("os._exit(3)", ENDS_WITHOUT, 3, True),
        ("pass", DIES, 0, False),
        ("assert os.environ['A_VARIABLE'] == 'other'", RAISES, 1, True),
        ("assert os.environ['A_VARIABLE'] == 'set'", RAISES, 0, False),
    ],
)
def test_a_script_ends_as_it_says_or_not(batch: Batch, body: str, says: str, status: int, diverges: bool) -> None:
    ran = batch.run(f"{IMPORTS}{body}\n{says}\n")
    assert (ran.status, ran.diverges) == (status, diverges), ran


def test_what_does_not_end_is_ended_and_the_next_one_is_run(batch: Batch) -> None:
    hangs = batch.run(f"while True:\n    pass\n{ENDS_WITHOUT}\n")
    assert (hangs.status, hangs.diverges, hangs.ending) == (None, True, "no end in time")
    assert batch.run(f"assert 0\n{RAISES}\n").diverges


def test_an_ending_is_said_in_words() -> None:
    assert Ran.of(DIES, -8, "").ending == "the process died of SIGFPE"
    assert (
        Ran.of(RAISES, 1, "Traceback\nAssertionError: 3 is not 4").ending == "exit status 1, AssertionError: 3 is not 4"
    )
    assert ending_without("no answer after 5 s") == ENDS_WITHOUT
    assert "SIGFPE" in DIES
