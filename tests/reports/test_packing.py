"""Packing: what goes into the data block comes out of it again, small."""

import math

import pytest

from convformance.reports import packing
from convformance.reports.lines import Verdict
from convformance.reports.packing import Columns, Scripts, Vocabulary
from tests.reports.unpacking import unpacked


def verdict(**changes: object) -> Verdict:
    fields = {
        "adapter": "torch",
        "op": "conv",
        "route": "F.conv",
        "case": "stride-3",
        "dtype": "float16",
        "grade": "wrong",
        "finding": True,
    }
    return Verdict(**{**fields, **changes})  # type: ignore[arg-type]


def test_what_is_packed_is_unpacked() -> None:
    value = {"words": ["a", "é\u202e"], "numbers": [1, None, 2.5, -0.0]}
    assert unpacked(packing.packed(value)) == value
    assert packing.packed(value) == packing.packed(value)


def test_a_number_that_is_not_finite_cannot_be_packed_unseen() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        packing.packed([math.inf])


def test_a_vocabulary_numbers_words_as_they_come() -> None:
    vocabulary = Vocabulary(["conv"])
    assert [vocabulary.number(word) for word in ("wrong", "conv", "wrong", "x")] == [1, 0, 1, 2]
    assert vocabulary.names == ["conv", "wrong", "x"]
    assert "conv" in vocabulary
    assert "y" not in vocabulary


@pytest.mark.parametrize(
    ("error", "packed"), [(None, None), (0.0, 0), (0.123456, 0.123), (90210.0, 90200), (math.inf, -1), (math.nan, -1)]
)
def test_an_error_keeps_three_digits_and_what_is_not_finite_is_minus_one(
    error: float | None, packed: float | None
) -> None:
    assert packing.share(error) == packed


def test_columns_tell_every_field_of_a_verdict_by_number() -> None:
    columns = Columns(dtype=("float64", "float16"), case=("stride-1",))
    columns.add(
        verdict(error=2.0, seconds=0.0123456, message="off by one", diagnosis=("flipped", "shifted"), exact=True)
    )
    columns.add(verdict(grade="conformant", finding=False, known=None, accumulator="float32"))
    shown = columns.to_json()
    first, second = ({name: column[row] for name, column in shown["columns"].items()} for row in (0, 1))
    texts = {name: names[first[name]] for name, names in shown["names"].items()}
    assert (texts["adapter"], texts["case"], texts["dtype"], texts["grade"]) == (
        "torch",
        "stride-3",
        "float16",
        "wrong",
    )
    assert (texts["message"], texts["diagnosis"], texts["known"], texts["documented"]) == (
        "off by one",
        "flipped, shifted",
        "",
        "",
    )
    assert (first["error"], first["seconds"], first["flags"]) == (2, 12000, packing.FINDING + packing.EXACT)
    assert (second["message"], second["flags"], shown["names"]["accumulator"][second["accumulator"]]) == (
        0,
        0,
        "float32",
    )


def test_scripts_share_their_lines_and_come_back_whole() -> None:
    scripts, long = Scripts(), "data = '" + "x" * 5000 + "'"
    texts = [f"import numpy\n{long}\n\nprint({number})\n" for number in (1, 2)]
    assert scripts.size(texts[0]) > 5000
    packed = [scripts.add(script) for script in texts]
    assert scripts.size(texts[1]) < 20
    assert ["\n".join(scripts.lines[line] for line in lines) for lines in packed] == texts


def test_everything_shown_is_visible_and_fit_for_json() -> None:
    shown = packing.shown(
        {"a\u202e": ["b\x00", math.nan, (1, -math.inf)], "long": "x" * 5000, "none": None, "yes": True}
    )
    assert shown == {
        "a\N{REPLACEMENT CHARACTER}": ["b\N{REPLACEMENT CHARACTER}", "nan", [1, "-inf"]],
        "long": "x" * 1999 + "…",
        "none": None,
        "yes": True,
    }
