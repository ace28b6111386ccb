"""Where an answer is wrong: the worst element, the words for how the wrong ones lie, and the map."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convformance.judging import spread
from convformance.judging.rule import Judgement
from convformance.reference import operations
from tests.judging.asked import Array, case_of, examine, judgement_of


def _broken(change: Callable[[Array], None], operation: str = "conv", **sizes: Any) -> Judgement:
    """Return the judgement on the reference's answers with ``change`` made to them."""
    case = case_of(**sizes)

    def answered(operands: Any) -> Array:
        result = operations.apply(operation, case.problem, *operands.arrays)
        change(result)
        return result

    judgement = judgement_of(examine(case, operation, "float32"), answered)
    assert judgement.grade == "wrong"
    return judgement


def _add(*index: Any) -> Callable[[Array], None]:
    def change(result: Array) -> None:
        result[index] += 1e5

    return change


ALL = slice(None)
SPREADS = {
    "": _add(...),
    "only in the last row of axis H": _add(ALL, ALL, -1),
    "only in the first column of axis W": _add(..., 0),
    "only in the first and last column of axis W": _add(..., [0, -1]),
    "only in rows 1-3 of axis H": _add(ALL, ALL, slice(1, 4)),
    "only in columns 0, 2 of axis W, channels 4-5 of 6": _add(ALL, slice(4, 6), ALL, [0, 2]),
    "image 1 of 2": _add(1),
    "channel 2 of 6": _add(ALL, 2),
    "only in row 3 of axis H and column 1 of axis W, image 0 of 2, channels 0, 5 of 6": _add(0, [0, 5], 3, 1),
}


@pytest.mark.parametrize("text", SPREADS)
def test_the_place_of_wrong_elements_is_told(text: str) -> None:
    assert _broken(SPREADS[text]).spread["words"] == text


def test_the_count_and_the_channels_are_told() -> None:
    judgement = _broken(_add(ALL, [1, 4], -1))
    assert judgement.spread == {
        "wrong": 16,
        "of": 240,
        "channels": [1, 4],
        "words": "only in the last row of axis H, channels 1, 4 of 6",
    }
    assert judgement.message.startswith(
        "int fill: wrong in 16 of 240 elements, only in the last row of axis H, channels 1, 4 of 6; at ("
    )


def test_all_elements_are_told_as_all() -> None:
    assert _broken(_add(...)).message.startswith("int fill: wrong in all 240 elements; at (")


def _where(mask_of_border: Callable[[Array], Array]) -> Callable[[Array], None]:
    def change(result: Array) -> None:
        border = np.ones(result.shape[2:], bool)
        border[1:-1, 1:-1] = False
        result[..., mask_of_border(border)] += 1e5

    return change


def test_the_border_is_where_padding_is_read() -> None:
    assert _broken(_where(lambda border: border), kernel_size=3, padding=1).spread["words"] == "only at the border"
    assert _broken(_where(lambda border: ~border), kernel_size=3, padding=1).spread["words"] == "only in the interior"


def test_the_axes_of_a_filter_gradient_are_filters_and_channels() -> None:
    judgement = _broken(_add(3, ALL, -1), "conv_filter_grad")
    assert judgement.spread["words"] == "only in the last row of axis H, filter 3 of 6"
    assert judgement.spread["channels"] == [3]
    assert judgement.map["index"] == [3, judgement.worst["index"][1]]
    assert judgement.map["shape"] == [3, 2]


def test_a_bias_gradient_has_channels_only() -> None:
    judgement = _broken(_add(2), "conv_bias_grad")
    assert judgement.spread == {"wrong": 1, "of": 6, "channels": [2], "words": "channel 2 of 6"}
    assert judgement.map["index"] == []
    assert judgement.map["axes"] == ["", "channel"]
    assert _cells(judgement).tolist() == [[0, 0, spread.MOST, 0, 0, 0]]


def test_one_and_three_spatial_axes_have_their_own_names() -> None:
    line = _broken(_add(..., -1), input_size=(9,), kernel_size=3)
    assert line.spread["words"] == "only in the last column of axis W"
    volume = _broken(_add(ALL, ALL, 1), input_size=(4, 5, 6), kernel_size=2)
    assert volume.spread["words"] == "only in slice 1 of axis D"


def _cells(judgement: Judgement) -> Array:
    picture = judgement.map
    return np.frombuffer(base64.b64decode(picture["cells"]), np.uint8).reshape(picture["shape"])


def test_the_map_shows_the_plane_of_the_worst_element() -> None:
    def change(result: Array) -> None:
        result[0, 1, 2, 3] += 1e3
        result[1, 4, 3, 1] += 1e6
        result[1, 4, 0, 0] = np.nan
        result[1, 4, 1, 1] += 1e6

    judgement = _broken(change)
    assert judgement.map["index"] == [1, 4]
    assert judgement.map["axes"] == ["H", "W"]
    cells = _cells(judgement)
    assert cells.shape == (5, 4)
    assert cells[0, 0] == spread.NOT_FINITE
    assert cells[3, 1] > spread.BOUND
    assert np.count_nonzero(cells) == 3


def test_a_line_is_a_map_of_one_row_and_a_volume_one_of_its_slices() -> None:
    line = _broken(_add(1, 2, 5), input_size=(9,), kernel_size=3)
    assert (line.map["index"], line.map["axes"], line.map["shape"]) == ([1, 2], ["", "W"], [1, 7])
    volume = _broken(_add(0, 3, 2, 1, 1), input_size=(4, 5, 6), kernel_size=2)
    assert (volume.map["index"], volume.map["axes"], volume.map["shape"]) == ([0, 3, 2], ["H", "W"], [4, 5])
    assert np.count_nonzero(_cells(volume)) == 1


def test_a_wide_plane_is_reduced_by_its_maxima() -> None:
    judgement = _broken(
        _add(0, 0, 70, 199), input_size=(130, 200), kernel_size=1, in_channels=1, out_channels=1, batch=1
    )
    cells = _cells(judgement)
    assert cells.shape == (64, 64)
    assert np.argwhere(cells).tolist() == [[70 * 64 // 130, 63]]
    assert judgement.worst["index"] == [0, 0, 70, 199]


def test_cells_are_a_logarithm_of_error_over_bound() -> None:
    shares = np.array([[[[0.0, 1e-9, 0.5, 1.0, 2.0, 1e9, np.inf]]]])
    picture = spread.error_map(shares, [0, 0, 0, 6])
    assert np.frombuffer(base64.b64decode(picture["cells"]), np.uint8).tolist() == [0, 1, 120, 128, 136, 254, 255]


def test_the_worst_element_is_told_with_its_fill_and_its_numbers() -> None:
    def change(result: Array) -> None:
        result[1, 3, 2, 1] += 4096

    judgement = _broken(change)
    worst = judgement.worst
    assert (worst["fill"], worst["index"]) == ("int", [1, 3, 2, 1])
    assert worst["got"] - worst["want"] == 4096
    assert 0 < worst["bound"] < 4096
    assert all(type(number) is float for number in (worst["got"], worst["want"], worst["bound"]))
    assert f"at (1, 3, 2, 1) got {worst['got']:.9g}, wanted {worst['want']:.9g}" in judgement.message


def test_long_lists_of_places_are_cut_off() -> None:
    judgement = _broken(_add(..., slice(0, None, 2)), input_size=(7, 61))
    assert judgement.spread["words"] == "only in columns 0, 2, 4, 6, 8, 10, ..., 58 of axis W"
