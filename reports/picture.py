"""The colours of an error map: a byte an element, as the record keeps it, to a colour."""

Colour = tuple[int, int, int]

_EXACT = (255, 255, 255)
_WITHIN = ((206, 224, 240), (70, 130, 190))
_OVER = ((245, 184, 82), (196, 46, 32), (96, 10, 30))
_NOT_FINITE = (176, 38, 196)
BOUND = 128
NOT_FINITE = 255


def _mix(stops: tuple[Colour, ...], position: float) -> Colour:
    """Return the colour at ``position`` (0 to 1) of a ramp through ``stops``."""
    step = min(int(position * (len(stops) - 1)), len(stops) - 2)
    part = position * (len(stops) - 1) - step
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(stops[step], stops[step + 1], strict=True))
    return red, green, blue


def _palette() -> tuple[Colour, ...]:
    """Return 256 colours: exact, blues up to the bound, amber to dark red beyond it, violet for what is not finite."""
    within = [_mix(_WITHIN, (value - 1) / (BOUND - 1)) for value in range(1, BOUND + 1)]
    over = [_mix(_OVER, (value - BOUND - 1) / (NOT_FINITE - BOUND - 2)) for value in range(BOUND + 1, NOT_FINITE)]
    return (_EXACT, *within, *over, _NOT_FINITE)


PALETTE = _palette()
