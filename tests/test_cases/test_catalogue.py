"""The catalogue: ids, tiers, families, look-up, documentation."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from convformance.test_cases import catalogue
from convformance.test_cases.case import DTYPES, TIERS, Case
from tests.test_cases.records import from_record

ROOT = Path(__file__).resolve().parents[2]
SMOKE_IDS = "de20a8862f4f0b8d"
MIXED_IDS = "979451eea5967142"
SWEEP_IDS = "b310c3a9ff47b3f8"


def digest(cases: tuple[Case, ...]) -> str:
    return hashlib.sha256("\n".join(case.id for case in cases).encode()).hexdigest()[:16]


def test_ids_are_unique() -> None:
    repeated = [case_id for case_id, times in Counter(case.id for case in catalogue.all_cases()).items() if times > 1]
    assert repeated == []


def test_a_repeated_id_is_refused_with_both_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = catalogue.cases("smoke")[:1] * 2
    monkeypatch.setattr(catalogue, "_declared", lambda: twice)
    with pytest.raises(ValueError, match="stands twice"):
        catalogue._by_id.__wrapped__()


def test_ids_hold_nothing_that_troubles_a_shell_a_node_id_or_an_address() -> None:
    strange = [case.id for case in catalogue.all_cases() if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", case.id)]
    assert strange == []


def test_the_ids_of_smoke_are_the_pinned_ones() -> None:
    assert digest(catalogue.cases("smoke")) == SMOKE_IDS, (
        "ids are public: change this digest only when ids change on purpose"
    )


def test_the_sweep_is_the_pinned_one_in_every_process_and_python() -> None:
    swept = tuple(case for case in catalogue.all_cases() if case.family == "sweep")
    assert len(swept) == 600
    assert digest(swept) == SWEEP_IDS


def test_cases_of_combinations_stay_where_they_are() -> None:
    built = tuple(case for case in catalogue.all_cases() if case.family == "mixed")
    assert digest(built[:600]) == MIXED_IDS, "new combinations go behind the others: python -m tests.mixed appends them"


def test_each_tier_holds_the_one_before_it_in_the_same_order() -> None:
    smoke, standard, full = (catalogue.cases(tier) for tier in TIERS)
    assert tuple(case for case in standard if case.tier == "smoke") == smoke
    before = [case for case in full if case.tier != "full"]
    assert [replace(each, dtypes=case.dtypes) for each, case in zip(before, standard, strict=True)] == list(standard)
    assert all(set(case.dtypes) <= set(each.dtypes) for each, case in zip(before, standard, strict=True))
    assert full == catalogue.all_cases()


def test_each_format_is_left_out_by_some_cases_of_the_standard_tier_and_asked_by_three_times_as_many() -> None:
    in_turns = [case for case in catalogue.cases("standard") if case.dtypes != catalogue.case_by_id(case.id).dtypes]
    times = Counter(dtype for case in in_turns for dtype in case.dtypes)
    assert all(len(case.dtypes) == len(DTYPES) - 1 for case in in_turns)
    assert catalogue.in_every_format(in_turns) == tuple(catalogue.case_by_id(case.id) for case in in_turns)
    assert all(0.6 * len(in_turns) < times[dtype] < 0.9 * len(in_turns) for dtype in DTYPES)


def test_the_tiers_have_the_sizes_they_promise() -> None:
    assert 35 <= len(catalogue.cases("smoke")) <= 68
    assert 500 <= len(catalogue.cases("standard")) <= 900
    assert 4200 <= catalogue.count_questions(catalogue.cases("standard")) <= 5700
    assert len(catalogue.cases("full")) >= 1400


def test_every_family_is_described_and_every_described_family_has_cases() -> None:
    assert list(dict.fromkeys(case.family for case in catalogue.all_cases())) == list(catalogue.FAMILIES)


def test_every_family_has_a_smoke_case_unless_its_cases_are_large_generated_or_raw() -> None:
    smoke = {case.family for case in catalogue.cases("smoke")}
    assert set(catalogue.FAMILIES) - smoke == {"layers", "limits", "mixed", "refusals", "sweep"}


def test_an_unknown_tier_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="tier='weekly' is unknown; allowed: smoke, standard, full"):
        catalogue.cases("weekly")


def test_a_case_is_found_by_its_id() -> None:
    for case in catalogue.cases("smoke"):
        assert catalogue.case_by_id(case.id) is case


def test_an_unknown_id_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(ValueError, match="strides-n2c4o6-9x8-k3x2-s2x1"):
        catalogue.case_by_id("strides-n2c4o6-9x8-k3x2-s2x2")


def test_every_description_survives_json_and_gives_the_case_back() -> None:
    for case in catalogue.all_cases():
        record = json.loads(json.dumps(case.to_json(), allow_nan=False))
        assert from_record(record) == case
        assert record["id"] == case.id


def test_no_sentence_stands_for_several_cases_unless_a_generator_wrote_it() -> None:
    times = Counter(case.catches for case in catalogue.all_cases() if case.family not in ("sweep", "mixed"))
    assert [sentence for sentence, count in times.items() if count > 1] == []
    swept = Counter(case.catches for case in catalogue.all_cases() if case.family == "sweep")
    assert max(swept.values()) <= 5


def test_every_sentence_is_one_sentence_of_some_length() -> None:
    for case in catalogue.all_cases():
        assert re.fullmatch(r"[A-Z][^.]{20,160}\.", case.catches), (case.id, case.catches)


def test_the_catalogue_is_read_without_a_framework_and_without_the_sweep() -> None:
    code = (
        "import sys; from convformance.test_cases import catalogue; "
        "from convformance.test_cases.families import sweep; assert len(catalogue.cases('standard')) > 200; "
        "assert sweep.sampled_cases.cache_info().currsize == 0; "
        "print(sorted({'torch', 'tensorflow', 'jax', 'onnxruntime', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_documentation_holds_the_current_table_of_families() -> None:
    assert catalogue.family_table() in (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rank", "dtype", "operations"), [(2, "float64", ("conv",)), (1, "bfloat16", ("conv_input_grad", "conv_bias_grad"))]
)
def test_cases_of_some_questions_are_those_of_the_tier(rank: int, dtype: str, operations: tuple[str, ...]) -> None:
    wanted = [
        case
        for case in catalogue.all_cases()
        if case.tier != "full"
        and len(case.input_size) == rank
        and dtype in case.dtypes
        and set(operations) & set(case.operations)
    ]
    assert list(catalogue.standard_cases_of(rank, dtype, operations)) == wanted
