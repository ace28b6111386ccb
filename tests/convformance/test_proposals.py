"""A run of an adapter as somebody begins it: whose fault its errors are, and what may be pasted into ``refusals``."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.convformance.test_faults import convformance, lines

UNTIDY = Path(__file__).with_name("untidy.py")
SOURCE = UNTIDY.read_text().splitlines()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, Any]], str]:
    """Return what one run prints, its verdicts, and the pages it writes."""
    folder = tmp_path_factory.mktemp("untidy")
    families = [f"--family={name}" for name in ("strides", "groups", "dilation", "bias")]
    asked = ("--tier", "smoke", *families, "--dtype", "float64", "--dtype", "float16", "--op", "conv")
    run = convformance(folder, "run", "--adapter", f"{UNTIDY}", *asked, "-n", "1")
    assert run.returncode == 1, run.stdout[-3000:] + run.stderr[-3000:]
    pages = "".join((folder / "out" / name).read_text() for name in ("summary.md", "report.html"))
    return run.stdout, lines(folder / "out" / "run.jsonl"), pages


def _line_of(text: str) -> int:
    return next(number for number, line in enumerate(SOURCE, 1) if text in line)


def _errors(verdicts: list[dict[str, Any]], route: str) -> list[dict[str, Any]]:
    return [each for each in verdicts if each["route"] == route and each["grade"] == "error"]


@pytest.mark.parametrize(("route", "text"), [("own name", "undefined"), ("own call", "padding=0")])
def test_an_error_of_the_adapters_own_line_says_so(done: Any, route: str, text: str) -> None:
    printed, verdicts, _ = done
    line = _line_of(text)
    errors = _errors(verdicts, route)
    assert errors
    assert {each["raised_in"] for each in errors} == {f"untidy.py:{line}"}
    assert all(each["message"].endswith(f"(raised in your adapter, untidy.py line {line})") for each in errors)
    assert re.search(rf"untidy: \d+ errors? looks? like the adapter's own fault: untidy\.py:{line}: ", printed)


def test_an_error_of_a_line_of_its_text_says_so(done: Any) -> None:
    errors = _errors(done[1], "own text")
    assert errors
    assert {each["raised_in"] for each in errors} == {"<script>:2"}
    assert all(
        "has no attribute 'convolve' (raised in your adapter, <script> line 2)" in each["message"] for each in errors
    )


def test_what_a_function_written_in_c_raises_is_not_the_adapters_own(done: Any) -> None:
    errors = _errors(done[1], "written in C")
    assert errors
    assert all(each["raised_in"] is None and "your adapter" not in each["message"] for each in errors)


def test_of_several_lines_the_one_with_the_cause_is_shown(done: Any) -> None:
    messages = Counter(re.sub(r"\d+", "#", each["message"]) for each in _errors(done[1], "unbiased"))
    assert "RuntimeError: groups must be #, got # (conv, line #)" in messages


def test_checked_arguments_are_proposed_with_what_finds_them_and_nothing_else_is(done: Any) -> None:
    printed, verdicts, _ = done
    patterns = re.findall(r'^ +r"(.*)",$', printed, re.MULTILINE)
    assert any(pattern.startswith("groups must be ") for pattern in patterns)
    assert any(pattern.startswith("Unsupported dilation ") for pattern in patterns)
    messages = [each["message"] for each in _errors(verdicts, "unbiased")]
    checked = [each for each in messages if "groups must" in each or "Unsupported dilation" in each]
    assert all(any(re.search(pattern, each) for pattern in patterns) for each in checked)
    others = [each["message"] for each in verdicts if each["grade"] == "error" and each["route"] != "written in C"]
    others = [each for each in others if each not in checked]
    assert others
    assert not any(re.search(pattern, each) for pattern in patterns for each in others)


def test_pasted_into_the_adapter_they_are_refusals(done: Any, tmp_path: Path) -> None:
    patterns = re.findall(r'^ +(r".*",)$', done[0], re.MULTILINE)
    text = UNTIDY.read_text().replace(
        '    name = "untidy"\n', f'    name = "tidy"\n    refusals = ({" ".join(patterns)})\n'
    )
    (tmp_path / "tidy.py").write_text(text)
    families = [f"--family={name}" for name in ("groups", "dilation")]
    asked = ("--tier", "smoke", *families, "--dtype", "float64", "--op", "conv", "--route", "unbiased")
    run = convformance(tmp_path, "run", "--adapter", "tidy.py", *asked, "-n", "1")
    verdicts = lines(tmp_path / "out" / "run.jsonl")
    refused = [each for each in verdicts if each["grade"] == "refused"]
    assert any(each["message"].startswith("groups must be 1") for each in refused), run.stdout[-2000:]
    assert any(each["message"].startswith("Unsupported dilation") for each in refused)
    assert not any("groups must" in each["message"] for each in verdicts if each["grade"] == "error")


def test_a_route_without_a_bias_is_asked_one_and_is_conformant(done: Any) -> None:
    biased = [each for each in done[1] if each["route"] == "unbiased" and each["case"].endswith("bias")]
    assert {each["dtype"] for each in biased if each["grade"] == "conformant"} == {"float64", "float16"}
    assert not [each for each in biased if each["grade"] not in ("conformant", "error")]


def test_the_pages_show_both(done: Any) -> None:
    pages = done[2]
    assert "## Errors that may be no findings" in pages
    assert f"untidy.py:{_line_of('undefined')}" in pages
    assert 'id="proposals"' in pages
    assert 'id="own-faults"' in pages
    assert r"r&#34;groups must be -?\d+, got -?\d+&#34;," in pages
