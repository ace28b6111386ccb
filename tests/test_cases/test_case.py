"""A case: its id, its validation, its description."""

import json
from dataclasses import replace
from typing import Any

import pytest

from convformance.test_cases.case import case, reported
from tests.test_cases.records import from_record

SENTENCE = "A sentence."


def test_an_id_names_the_sizes_and_every_parameter_that_is_not_at_its_default() -> None:
    default = case("strides", SENTENCE, input_size=(9, 8), kernel_size=(3, 2))
    assert default.id == "strides-n2c4o6-9x8-k3x2"
    full = case(
        "groups",
        SENTENCE,
        input_size=(9, 8),
        kernel_size=(3, 2),
        stride=(2, 1),
        padding=((-1, 0), (2, 2)),
        dilation=(1, 3),
        groups=2,
        batch=3,
        bias=True,
        memory="sliced",
        special="nan-data",
        seed=7,
    )
    assert full.id == "groups-n3c4o6-9x8-k3x2-s2x1-pm1.0x2-d1x3-g2-bias-sliced-nan-data-r7"


def test_an_id_keeps_the_symbol_of_a_padding() -> None:
    declared = case("same", SENTENCE, input_size=(9,), kernel_size=4, stride=2, padding="same_lower")
    assert declared.id == "same-n2c4o6-9-k4-s2-same_lower"
    assert declared.problem.padding == ((2, 1),)


def test_an_id_does_not_change_with_tier_sentence_operations_or_dtypes() -> None:
    declared = case("ranks", SENTENCE, input_size=(9,), kernel_size=4)
    other = replace(declared, tier="smoke", catches="Another.", operations=("conv",), dtypes=("float32",))
    assert other.id == declared.id


def test_ints_stand_for_every_axis() -> None:
    declared = case("ranks", SENTENCE, input_size=(9, 8, 7), kernel_size=2, stride=3, padding=1, dilation=2)
    assert (declared.kernel_size, declared.stride, declared.dilation) == ((2, 2, 2), (3, 3, 3), (2, 2, 2))
    assert declared.padding == ((1, 1), (1, 1), (1, 1))


def test_a_case_with_bias_is_asked_for_what_a_bias_changes() -> None:
    declared = case("bias", SENTENCE, input_size=(9,), kernel_size=4, bias=True)
    assert declared.operations == ("conv", "conv_bias_grad", "conv_transpose")
    assert [declared.has_bias(operation) for operation in declared.operations] == [True, False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"groups": 4}, "groups=4"),
        ({"in_channels": -1}, "in_channels"),
        ({"stride": (1, 2, 3)}, "stride"),
        ({"padding": "some"}, "padding='some'"),
        ({"padding": ((-6, 0), (0, 0))}, "padding"),
        ({"memory": "scattered"}, "memory holds 'scattered'; allowed: contiguous"),
        ({"tier": "nightly"}, "tier holds 'nightly'; allowed: smoke"),
        ({"operations": ("conv", "pool")}, "operations holds 'pool'; allowed: conv"),
        ({"dtypes": ("float8",)}, "dtypes holds 'float8'; allowed: float64"),
    ],
)
def test_a_case_that_makes_no_sense_is_refused_by_the_name_of_the_argument(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        case("ranks", SENTENCE, **{"input_size": (5, 4), "kernel_size": (3, 2), **changes})


def test_a_case_without_a_full_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match="full stop"):
        case("ranks", "no stop", input_size=(5,), kernel_size=3)


def test_a_reported_case_links_its_issue() -> None:
    declared = reported("owner/name", 17, SENTENCE, input_size=(5,), kernel_size=3)
    assert declared.family == "regression"
    assert declared.source == "https://github.com/owner/name/issues/17"


def test_a_description_survives_json_and_gives_the_case_back() -> None:
    declared = case("padding", SENTENCE, input_size=(9, 8), kernel_size=(3, 2), padding="full", stride=(2, 1), batch=3)
    record = json.loads(json.dumps(declared.to_json()))
    assert from_record(record) == declared
    assert record["padding"] == "full"
    assert record["padding_pairs"] == [[2, 2], [1, 1]]
    assert record["output_size"] == [6, 9]
