"""A photograph-like image made of formulas: sky, sun, hills, a house with a fence, water."""

import numpy as np

from convformance.reference.arrays import Array

Colour = tuple[int, int, int]


def scene(height: int, width: int) -> Array:
    """Return the image in colour, ``(3, height, width)``, float64 holding integers from 0 to 255."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    canvas = _blend(y / 0.6, (70, 130, 200), (250, 215, 170))
    _paint(canvas, (x - 0.78) ** 2 + (y - 0.2) ** 2 < 0.006, (255, 240, 160))
    _paint(canvas, y > 0.42 + 0.10 * np.sin(5 * x + 1) + 0.04 * np.sin(17 * x), (110, 120, 150))
    _paint(canvas, y > 0.58 + 0.05 * np.sin(7 * x + 4), (70, 120, 70))
    _house(canvas, y, x)
    _water(canvas, y, x)
    grain = np.random.default_rng(6).integers(-3, 4, (height, width))
    return np.clip(np.rint(canvas + grain), 0, 255)


def grey(colours: Array) -> Array:
    """Return the mean of red, green and blue rounded to integers: ``(H, W)`` of ``(3, H, W)``."""
    rounded: Array = np.rint(colours.mean(axis=0))
    return rounded


def _blend(share: Array, start: Colour, end: Colour) -> Array:
    """Return a gradient from one colour to another, ``(3, H, W)``."""
    near, far = (np.array(colour, np.float64)[:, None, None] for colour in (start, end))
    return near + np.clip(share, 0, 1) * (far - near)


def _paint(canvas: Array, where: Array, colour: Colour) -> None:
    canvas[:, where] = np.array(colour)[:, None]


def _house(canvas: Array, y: Array, x: Array) -> None:
    _paint(canvas, (abs(x - 0.28) < 0.13) & (y > 0.5) & (y < 0.74), (235, 225, 210))
    _paint(canvas, (abs(x - 0.28) < (y - 0.36) * 1.15) & (y < 0.51), (150, 50, 40))
    for left in (0.18, 0.33):
        _paint(canvas, (x > left) & (x < left + 0.05) & (y > 0.56) & (y < 0.64), (50, 60, 90))
    _paint(canvas, (abs(x - 0.28) < 0.025) & (y > 0.62) & (y < 0.74), (90, 60, 40))
    _paint(canvas, (x > 0.5) & (np.modf(x * 20)[0] < 0.35) & (y > 0.62) & (y < 0.73), (240, 240, 235))


def _water(canvas: Array, y: Array, x: Array) -> None:
    depth = (y - 0.76) / 0.24
    ripples = 18 * np.sin(90 * y**2 + 4 * np.sin(9 * x))
    canvas[:] = np.where(depth > 0, _blend(depth, (150, 180, 190), (30, 70, 110)) + ripples, canvas)
