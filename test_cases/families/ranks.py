"""Plain convolutions of every rank, and every parameter at once."""

from functools import partial

from convformance.test_cases.case import Case, case

declare = partial(case, "ranks")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A one-dimensional convolution that is sent to a two-dimensional kernel "
        "with the added axis in the wrong place.",
        input_size=(11,), kernel_size=3, batch=3, tier="smoke",
    ),
    declare(
        "A kernel that is flipped or transposed, a sum over the wrong channels, "
        "an image that takes the place of another.",
        input_size=(7, 5), kernel_size=(3, 2), tier="smoke",
    ),
    declare(
        "Depth, height and width taken in another order.",
        input_size=(5, 4, 6), kernel_size=(2, 3, 1), in_channels=3, out_channels=5, tier="smoke",
    ),
    declare(
        "Parameters of a one-dimensional convolution that are right one by one and wrong together.",
        input_size=(18,), kernel_size=4, stride=3, padding=((2, 1),), dilation=2, groups=2, batch=3,
    ),
    declare(
        "Parameters of a two-dimensional convolution that are right one by one and wrong together.",
        input_size=(11, 9), kernel_size=(3, 2), stride=(2, 1), padding=((1, 2), (0, 1)), dilation=(2, 3), groups=2,
        batch=3, tier="smoke",
    ),
    declare(
        "Parameters of a three-dimensional convolution that are right one by one and wrong together.",
        input_size=(5, 8, 7), kernel_size=(2, 3, 2), stride=(1, 2, 3), padding=((1, 0), (0, 2), (1, 1)),
        dilation=(3, 1, 2), groups=2,
    ),
    declare(
        "A height of one that is squeezed away or mistaken for the channel axis.",
        input_size=(1, 13), kernel_size=(1, 4), stride=(1, 2), batch=3,
    ),
    declare(
        "A middle axis of one, on which depth and width are mistaken for height.",
        input_size=(5, 1, 7), kernel_size=(3, 1, 2), stride=(1, 1, 2), padding=((0, 1), (0, 0), (1, 0)),
    ),
    declare(
        "Images of a batch of one that are squeezed away, or a filter with one channel that loses its channel axis.",
        input_size=(6, 8), kernel_size=(2, 3), batch=1, in_channels=1, out_channels=3,
    ),
)
# fmt: on
