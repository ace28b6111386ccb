"""The colours of error maps."""

from convformance.reports import picture


def test_the_palette_tells_exact_within_over_and_not_finite_apart() -> None:
    assert len(picture.PALETTE) == 256
    assert len(set(picture.PALETTE)) > 200
    assert all(blue > red for red, _, blue in picture.PALETTE[1 : picture.BOUND + 1])
    assert all(red > blue for red, _, blue in picture.PALETTE[picture.BOUND + 1 : picture.NOT_FINITE])
    assert picture.PALETTE[255] not in picture.PALETTE[:255]


def test_beyond_the_bound_a_larger_error_is_darker() -> None:
    sums = [sum(colour) for colour in picture.PALETTE[picture.BOUND + 1 : picture.NOT_FINITE]]
    assert sums == sorted(sums, reverse=True)
