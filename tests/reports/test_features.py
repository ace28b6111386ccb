"""Features: which cases ask for them, and how far an adapter supports them."""

from pathlib import Path

import pytest

from convformance.reports import features, record
from convformance.reports.features import FEATURES, Note, Support
from convformance.reports.lines import CaseLine, Verdict
from convformance.reports.record import Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

PLAIN = {
    "kernel_size": (3, 5),
    "stride": (1, 1),
    "dilation": (1, 1),
    "padding": ((0, 0), (0, 0)),
    "padding_pairs": ((0, 0), (0, 0)),
}


def case(**changes: object) -> CaseLine:
    """Return a case that asks for nothing but two axes, with some of it changed."""
    fields = {
        "id": "c",
        "operations": ("conv",),
        "dtypes": ("float32",),
        "input_size": (7, 9),
        "output_size": (5, 5),
        "in_channels": 4,
    }
    return CaseLine(**{**fields, **PLAIN, **changes})  # type: ignore[arg-type]


def asked(**changes: object) -> set[str]:
    return {feature.name for feature in features.features_of(case(**changes))} - {"2-D"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, set()),
        ({"stride": (2, 2)}, {"stride"}),
        ({"stride": (2, 1)}, {"stride", "unequal stride"}),
        ({"stride": (3, 3)}, {"stride", "unread rows", "transposed output size"}),
        ({"dilation": (2, 1), "stride": (2, 2)}, {"stride", "dilation", "stride with dilation"}),
        ({"padding_pairs": ((1, 1), (0, 0))}, {"padding"}),
        ({"padding_pairs": ((0, 1), (0, 0))}, {"padding", "asymmetric padding"}),
        ({"padding_pairs": ((-1, -1), (0, 0))}, {"negative padding"}),
        ({"padding": "same_upper", "padding_pairs": ((1, 1), (2, 2))}, {"SAME", "padding"}),
        ({"padding": "same_lower", "stride": (2, 2)}, {"SAME", "SAME at stride 2", "SAME, odd zero first", "stride"}),
        ({"kernel_size": (1, 1)}, {"pointwise"}),
        ({"kernel_size": (3, 2)}, {"even kernel"}),
        ({"kernel_size": (9, 3)}, {"kernel larger than the image"}),
        ({"groups": 2}, {"groups"}),
        ({"groups": 4, "out_channels": 8}, {"groups", "depthwise", "channel multiplier"}),
        ({"batch": 0}, {"empty tensors"}),
        ({"bias": True}, {"bias"}),
        ({"special": "nan-data"}, {"NaN and Inf"}),
        ({"range": "overflow"}, {"ends of the range"}),
        ({"memory": "sliced"}, {"non-contiguous operands"}),
    ],
)
def test_a_case_asks_for_the_features_it_has_and_for_no_others(changes: dict[str, object], names: set[str]) -> None:
    assert asked(**changes) == names


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_rank_of_a_case_is_a_feature(rank: int) -> None:
    assert f"{rank}-D" in asked(input_size=(7,) * rank) | {"2-D"}


def test_names_and_queries_of_features_are_unique() -> None:
    assert len({feature.name for feature in FEATURES}) == len({feature.query for feature in FEATURES}) == len(FEATURES)


DILATED = case_line("dilation", 2, operations=["conv"], dtypes=["float64", "float32"], dilation=[1, 2])
STRIDED = case_line("stride", 1, operations=["conv", "conv_bias_grad"], dtypes=["float64", "float32"], dilation=[1, 1])
MANY = [case_line("stride", 1 + 3 * number, operations=["conv"], dtypes=["float16"]) for number in range(12)]


def support(tmp_path: Path, verdicts: list[Line], cases: list[Line]) -> dict[str, Support]:
    path = tmp_path / "run.jsonl"
    with Writer(path) as writer:
        run = run_line("torch", asked=len(verdicts), routes={"conv": ["direct", "by hand"]})
        for line in [run, *cases, *verdicts]:
            writer.write(line)
    return {name: runs["torch"] for name, runs in features.supports(record.read([path])).items()}


def verdict(case: Line, dtype: str, route: str, grade: str = "conformant", **changes: object) -> Line:
    return verdict_line("torch", "conv", route, case["id"], dtype, grade, **changes)


def test_one_route_that_answers_is_enough(tmp_path: Path) -> None:
    verdicts = [
        verdict(DILATED, "float32", "direct", "refused", message="no"),
        verdict(DILATED, "float32", "by hand", "low-precision", accumulator="float16"),
    ]
    supports = support(tmp_path, verdicts, [DILATED])
    assert supports["dilation"] == Support("yes", 1, 1, (Note("low-precision", 1, "accumulates in float16"),))
    assert supports["stride with dilation"].state == "yes"
    assert supports["depthwise"].state == "none"


def test_what_every_route_refuses_is_told_in_the_frameworks_words(tmp_path: Path) -> None:
    verdicts = [
        verdict(DILATED, "float32", "direct"),
        *(verdict(DILATED, "float64", route, "refused", message="no dilation of 2") for route in ("direct", "by hand")),
    ]
    supports = support(tmp_path, verdicts, [DILATED])
    assert supports["float64"] == Support("no", 0, 1, (Note("refused", 1, "no dilation of #"),))
    assert supports["float32"] == Support("yes", 1, 1, ())
    assert supports["dilation"] == Support("yes", 1, 1, ()), (
        "float64 is refused altogether: that says nothing of dilation"
    )


def test_a_wrong_answer_that_is_known_makes_a_feature_partly_and_one_that_is_not_wrong(tmp_path: Path) -> None:
    known = [
        verdict(STRIDED, "float32", "direct", "wrong", known="k", finding=False),
        verdict(STRIDED, "float64", "direct"),
    ]
    assert support(tmp_path, known, [STRIDED])["stride"].state == "partly"
    assert support(tmp_path, known, [STRIDED])["float32"] == Support(
        "wrong", 0, 1, (Note("wrong", 1, "known divergence: k"),)
    )
    unknown = [verdict(STRIDED, "float32", "direct", "wrong"), verdict(STRIDED, "float32", "by hand")]
    assert support(tmp_path, unknown, [STRIDED])["stride"] == Support("wrong", 1, 1, (Note("wrong", 1, ""),))


def test_an_operation_without_a_route_is_not_supported(tmp_path: Path) -> None:
    supports = support(tmp_path, [verdict(STRIDED, "float32", "direct")], [STRIDED])
    assert supports["conv_bias_grad"] == Support("no", 0, 0, (Note("no route", 2, "conv_bias_grad"),))
    assert supports["stride"].state == "yes"


def test_a_dtype_that_is_refused_now_and_then_counts_under_every_feature(tmp_path: Path) -> None:
    verdicts = [
        verdict(case, "float16", "direct", "refused" if number < 6 else "conformant")
        for number, case in enumerate(MANY)
    ]
    supports = support(tmp_path, verdicts, MANY)
    assert (
        (supports["float16"].right, supports["float16"].of)
        == (supports["stride"].right, supports["stride"].of)
        == (6, 12)
    )


def verdicts_of(*cases: CaseLine) -> list[Verdict]:
    return [
        Verdict(adapter="torch", op="conv", route="r", case=case.id, dtype="float32", grade="wrong", finding=True)
        for case in cases
    ]


def test_what_failing_cases_share_is_what_few_right_ones_have() -> None:
    cases = [
        case(id="1", family="a", stride=(2, 2), groups=2),
        case(id="2", family="b", stride=(2, 2), groups=2, bias=True),
        case(id="3", family="c", groups=2),
        case(id="4", family="c"),
        case(id="5", family="c"),
    ]
    by_id = {each.id: each for each in cases}
    shared = features.shared(verdicts_of(*cases[:2]), verdicts_of(*cases[2:]), by_id)
    assert shared == ("stride (no right answer has it)", "groups (33.3 % of the right answers have it)")
    assert features.shared(verdicts_of(cases[0]), verdicts_of(*cases[2:]), by_id) == ()
