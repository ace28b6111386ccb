"""Spatial sizes around the tiles of blocked code: 4, 8, 16 and 32, one below and one above, and long rows."""

from functools import partial

from convformance.test_cases.case import WIDE, Case, case

declare = partial(case, "tiles")
# Three by three with a border of one keeps the size, and is what fast algorithms in tiles are written for.
tiled = partial(declare, kernel_size=3, padding=1, in_channels=3, out_channels=5)

# fmt: off
CASES: tuple[Case, ...] = (
    tiled("A last tile of one column, and rows that end one short of a tile of four.", input_size=(3, 5), tier="smoke"),
    tiled("A last tile that is exactly full along one axis and holds one element along the other.", input_size=(4, 9)),
    tiled("Tiles of eight that end one short and one over.", input_size=(7, 9)),
    tiled("One full tile of eight along one axis, two along the other.", input_size=(8, 16), dtypes=WIDE, tier="full"),
    tiled("Tiles of sixteen that end one over and one short.", input_size=(17, 15)),
    tiled("Tiles of thirty-two that end one short and one over.", input_size=(31, 33)),
    tiled("A column of one short of two tiles of sixteen.", input_size=(31, 4), dtypes=WIDE, tier="full"),
    tiled("Full tiles of thirty-two in height and a remainder of two in width.", input_size=(32, 18)),
    declare(
        "A long row, where an index is kept in eight bits or a buffer holds one row of 256.",
        input_size=(2, 261), kernel_size=(1, 4), batch=3, in_channels=2, out_channels=3,
    ),
    declare(
        "A long signal with stride whose outputs leave one over in vectors of 4, 8 and 16.",
        input_size=(196,), kernel_size=5, stride=3, padding=((1, 1),), in_channels=2, out_channels=3,
    ),
    declare(
        "A tall image of few columns, cut for threads by rows.",
        input_size=(130, 3), kernel_size=(4, 2), in_channels=2, out_channels=3, dtypes=WIDE, tier="full",
    ),
    declare(
        "Strided outputs that fill a tile of eight although the image does not.",
        input_size=(17, 24), kernel_size=(3, 2), stride=(2, 3), padding=((0, 0), (1, 0)), in_channels=3, out_channels=5,
    ),
    declare(
        "A result of 7 x 7, whose 49 elements leave one after blocks of 4, 8 and 16.",
        input_size=(9, 8), kernel_size=(3, 2), in_channels=3, out_channels=5, tier="smoke",
    ),
    declare(
        "A result of 7 x 7 from an image of other proportions.",
        input_size=(15, 9), kernel_size=3, stride=(2, 1), in_channels=2, out_channels=3, dtypes=WIDE,
    ),
)
# fmt: on
