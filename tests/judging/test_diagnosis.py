"""The diagnosis over many questions: what counts, under which condition, and what is said where nothing fits."""

from pathlib import Path
from typing import Any

import pytest

from convformance.judging.conditions import NAMED
from convformance.judging.diagnosis import EXPLANATIONS, Match, Observation, diagnoses, explained, parameters, table
from convformance.judging.hypotheses import HYPOTHESES
from convformance.judging.hypotheses.hypothesis import Hypothesis
from convformance.reference.problem import Problem

SIZES: dict[str, Any] = {"input_size": (9, 7), "kernel_size": (3, 2), "batch": 2, "in_channels": 4, "out_channels": 6}


def asked(
    wrong: bool, *matches: Match, dtype: str = "float32", memory: str = "contiguous", **sizes: Any
) -> Observation:
    """Return an observation of a forward convolution of these sizes."""
    problem = Problem.of(**{**SIZES, **sizes})
    return Observation(parameters("conv", problem, dtype, memory=memory), wrong, matches)


ROTATED, IGNORED, SHIFTED = Match("kernel-rotated"), Match("stride-ignored"), Match("shifted", "by (0, 1)")


def test_nothing_wrong_has_no_diagnosis() -> None:
    assert diagnoses([asked(False), asked(False, stride=2)]) == []


def test_what_explains_most_stands_first() -> None:
    diagnosis = diagnoses(
        [asked(True, IGNORED, stride=2), asked(True, ROTATED, IGNORED, stride=3), asked(True, SHIFTED)]
    )
    assert [(each.name, each.explains, each.of) for each in diagnosis] == [("stride-ignored", 2, 3), ("shifted", 1, 3)]


def test_of_two_that_explain_as_much_the_plainer_stands_first() -> None:
    diagnosis = diagnoses([asked(True, SHIFTED, ROTATED), asked(True, SHIFTED, ROTATED)])
    assert [each.name for each in diagnosis] == ["kernel-rotated"]


def test_one_that_says_where_counts_half_of_one_that_says_what() -> None:
    border = Match("border-only")
    reproduced = [
        asked(True, IGNORED, border, stride=2),
        asked(True, IGNORED, border, stride=2),
        asked(True, border, stride=2),
    ]
    assert diagnoses(reproduced)[0].name == "stride-ignored"
    assert diagnoses([*reproduced, asked(True, border), asked(True, border)])[0].name == "border-only"


def test_what_reproduces_some_fills_alone_counts_half_of_what_reproduces_all() -> None:
    later, partly = Match("wrong-after-first-call"), Match("kernel-rotated", on_all_fills=False)
    reproduced = [*[asked(True, later, partly)] * 4, asked(True, ROTATED)]
    assert [each.name for each in diagnoses(reproduced)] == ["wrong-after-first-call", "kernel-rotated"]
    mostly = [*[asked(True, partly)] * 4, asked(True, SHIFTED)]
    assert [each.name for each in diagnoses(mostly)] == ["kernel-rotated", "shifted"]


def test_a_mistake_that_is_always_made_has_no_condition() -> None:
    diagnosis = diagnoses([asked(True, IGNORED, stride=2), asked(True, IGNORED, stride=(1, 3)), asked(False)])
    assert diagnosis[0].where == ""


@pytest.mark.parametrize(
    ("wrong", "right", "where"),
    [
        ({"stride": 2, "groups": 2}, [{"stride": 2}], "only when groups > 1"),
        (
            {"stride": 2, "groups": 2, "dilation": 2},
            [{"stride": 2, "groups": 2}, {"stride": 2, "dilation": 2}],
            "dilation > 1 and groups > 1",
        ),
        ({"stride": 2, "padding": 1}, [{"stride": 2}], "only when padding"),
        ({"stride": 2, "memory": "sliced"}, [{"stride": 2}], "only when the operands are not contiguous"),
        ({"stride": 2, "dtype": "float16"}, [{"stride": 2}], "only when a 16-bit type"),
        ({"stride": 2, "batch": 5}, [{"stride": 2}, {"stride": 2, "batch": 3}], "only when batch >= 5"),
    ],
)
def test_the_condition_is_what_wrong_answers_share_and_right_ones_lack(
    wrong: dict[str, Any], right: list[dict[str, Any]], where: str
) -> None:
    diagnosis = diagnoses([asked(True, IGNORED, **wrong), asked(False), *(asked(False, **sizes) for sizes in right)])
    assert diagnosis[0].name == "stride-ignored"
    assert diagnosis[0].where.endswith(where)


def test_two_conditions_are_told_where_neither_alone_is_enough() -> None:
    wrong = [asked(True, stride=2, groups=2), asked(True, stride=(2, 3), groups=2, kernel_size=(2, 3))]
    right = [
        asked(False),
        asked(False, stride=2),
        asked(False, groups=2),
        asked(False, stride=(2, 3), kernel_size=(2, 3)),
    ]
    assert diagnoses([*wrong, *right])[0].where == "only when stride > 1 and groups > 1"


def test_without_a_condition_that_tells_them_apart_none_is_told() -> None:
    assert diagnoses([asked(True, stride=2), asked(False, stride=2)])[0].where == ""


def test_questions_without_anything_to_compute_do_not_count_as_right() -> None:
    diagnosis = diagnoses([asked(True, ROTATED), asked(False, batch=0), asked(False, kernel_size=(9, 8))])
    assert diagnosis[0].where == ""


def test_what_nothing_explains_is_described_by_place_and_condition() -> None:
    spread = {"words": "only in the last row of axis H", "wrong": 3, "of": 60}
    wrong = [Observation(asked(True, stride=2).parameters, True, (), spread)] * 2
    diagnosis = diagnoses([*wrong, asked(False)])
    assert (diagnosis[0].name, diagnosis[0].explains, diagnosis[0].of) == ("unexplained", 2, 2)
    assert diagnosis[0].where == "only in the last row of axis H; only when stride > 1"


def test_a_detail_is_told_where_all_share_it() -> None:
    by_batch = [Match("scaled", "by 1/2 = 1/(batch)"), Match("scaled", "by 1/3 = 1/(batch)")]
    assert diagnoses([asked(True, by_batch[0]), asked(True, by_batch[1], batch=3)])[0].detail == "1/(batch)"
    assert diagnoses([asked(True, SHIFTED), asked(True, SHIFTED)])[0].detail == "by (0, 1)"
    assert diagnoses([asked(True, SHIFTED), asked(True, Match("shifted", "by (1, 0)"))])[0].detail == ""


def test_exceptions_stand_behind_what_explains_answers_under_a_condition_of_their_own() -> None:
    raised = Match("raises", "IndexError")
    tall = [asked(True, raised, input_size=(size, 7)) for size in (8, 9, 10)]
    diagnosis = diagnoses([*tall, asked(True, IGNORED, stride=2), asked(False, input_size=(7, 7))])
    assert [(each.name, each.detail, each.explains) for each in diagnosis] == [
        ("stride-ignored", "", 1),
        ("raises", "IndexError", 3),
    ]
    assert diagnosis[1].where == "only when input sides differ"


def test_exceptions_of_two_types_are_two_entries() -> None:
    observed = [asked(True, Match("raises", name), groups=2) for name in ("IndexError", "ValueError", "ValueError")]
    diagnosis = diagnoses(observed)
    assert [(each.name, each.detail, each.explains) for each in diagnosis] == [
        ("raises", "IndexError", 1),
        ("raises", "ValueError", 2),
    ]


def test_what_may_be_the_reason_of_an_exception_counts_where_it_explains_answers_too() -> None:
    raising = asked(True, Match("side-for-both", on_all_fills=False), Match("raises", "IndexError"))
    assert [each.name for each in diagnoses([raising])] == ["raises"]
    assert [each.name for each in diagnoses([raising, asked(False)])] == ["raises"]
    answered = asked(True, Match("side-for-both"))
    assert [(each.name, each.explains) for each in diagnoses([raising, raising, answered])] == [("side-for-both", 3)]


def test_an_exception_wherever_sides_differ_and_nowhere_else_has_its_reason() -> None:
    reasons = (Match("side-for-both", on_all_fills=False), Match("raises", "ValueError"))
    raising = [asked(True, *reasons, input_size=size) for size in ((9, 7), (5, 8))]
    square = asked(False, input_size=(7, 7), kernel_size=(3, 3))
    assert [(each.name, each.explains) for each in diagnoses([*raising, square])] == [("side-for-both", 2)]
    assert [each.name for each in diagnoses([*raising, square, asked(False)])] == ["raises"]


def test_a_remedy_is_that_of_the_operation() -> None:
    problem = Problem.of(**SIZES)
    remedies = {}
    for operation in ("conv", "conv_input_grad", "conv_bias_grad", "conv_transpose"):
        observation = Observation(parameters(operation, problem, "float32"), True, (Match("wrong-shape"),))
        (diagnosis,) = diagnoses([observation])
        remedies[operation] = diagnosis.remedy
    assert "(input + lo + hi - extent) // stride + 1" in remedies["conv"]
    assert "zeros_like(x)" in remedies["conv_input_grad"]
    assert "The bias gradient has one axis, (out_channels,)" in remedies["conv_bias_grad"]
    assert "(input - 1) * stride" in remedies["conv_transpose"]


def test_what_changes_from_call_to_call_stands_behind_what_reproduces_as_much() -> None:
    chance, swapped = Match("not-deterministic"), Match("stride-axes-swapped", "of a view")
    diagnosis = diagnoses([asked(True, chance, swapped), asked(True, chance, swapped)])
    assert [each.name for each in diagnosis] == ["stride-axes-swapped"]


def test_two_mistakes_together_are_explained_by_both() -> None:
    diagnosis = diagnoses([asked(True, Match("kernel-rotated+stride-ignored"), stride=2)])[0]
    both = [EXPLANATIONS[name] for name in ("kernel-rotated", "stride-ignored")]
    assert diagnosis.explanation == explained(diagnosis.name).explanation
    assert all(each.explanation in diagnosis.explanation and each.remedy in diagnosis.remedy for each in both)


@pytest.mark.parametrize("hypothesis", HYPOTHESES, ids=lambda diagnosis: diagnosis.name)
def test_a_hypothesis_is_told_in_sentences_under_conditions_that_exist(hypothesis: Hypothesis) -> None:
    assert hypothesis.explanation.endswith(".")
    assert hypothesis.remedy.endswith(".")
    assert set(hypothesis.matters) <= set(NAMED)


def test_names_are_unique() -> None:
    assert len(EXPLANATIONS) == len(HYPOTHESES) + 1


def test_the_documentation_holds_every_name() -> None:
    page = Path(__file__).parents[2] / "docs" / "diagnosis.md"
    assert "\n".join(table()) in page.read_text(encoding="utf-8")
