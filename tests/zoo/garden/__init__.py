"""The garden: right implementations that differ in every legal way. The suite must never call one of them wrong."""

import numpy as np

from convformance.reference.geometry import Size
from convformance.reference.operation import OPERATIONS, WITH_BIAS
from convformance.reference.problem import BEYOND
from tests.judging import summing
from tests.zoo.bordering import Beyond
from tests.zoo.garden import adjoints, beyond, fast, forms, orders, structures
from tests.zoo.garden.ways import Computing, Way, as_expected, computed, wider
from tests.zoo.member import Member, Run

_THREE = ("conv", "conv_input_grad", "conv_filter_grad")  # which a way is made of; the forms are given them by name


def _backwards(taps: list[Size]) -> list[Size]:
    return taps[::-1]


def _without_pattern(taps: list[Size]) -> list[Size]:
    return [taps[index] for index in np.random.default_rng(len(taps)).permutation(len(taps))]


def _right(family: str, name: str, says: str, run: Run, grade: str = "conformant") -> Member:
    return Member(name, family, says, OPERATIONS, run, grade=grade)


def _in_order(
    name: str, says: str, sums: summing.Sum, grade: str = "conformant", computing: Computing = as_expected
) -> Member:
    return _right("order", name, says, computed(orders.listed(sums), computing), grade)


def _structured(
    name: str, says: str, way: Way, grade: str = "conformant", computing: Computing = as_expected
) -> Member:
    return _right("structure", name, says, computed(way, computing), grade)


def _formed(name: str, says: str, run: Run) -> Member:
    return _right("form", name, says, run)


_ORDERS = (
    _in_order("in-order", "Adds product after product, each sum rounded.", summing.forwards),
    _in_order("backwards", "Adds from the last product to the first.", summing.backwards),
    _in_order("shuffled", "Adds in an order of no pattern, always the same.", summing.shuffled),
    _in_order("from-both-ends", "Adds the first and the last product, then those next to them.", orders.from_both_ends),
    _in_order("smallest-first", "Adds by growing magnitude.", orders.smallest_first),
    _in_order("by-sign", "Adds from the most negative product to the most positive.", orders.by_sign, "componentwise"),
    _in_order(
        "signs-apart", "Adds positive and negative products apart, then both.", orders.signs_apart, "componentwise"
    ),
    _in_order("in-lanes", "Adds every fourth product apart, then the four sums.", summing.in_lanes),
    _in_order("in-blocks", "Adds blocks of 16 products, then their sums.", summing.in_blocks),
    _in_order("pairwise", "Adds neighbours, then neighbours of the sums.", summing.pairwise),
    _in_order("fused", "Rounds each product and sum together, as a fused multiply-add does.", summing.fused),
    _in_order("compensated", "Carries what each addition lost into the next.", orders.compensated),
    _in_order("three-parts", "Cuts each factor into three parts and adds nine exact products.", orders.in_three_parts),
    _in_order("integers", "Adds integers as integers, anything else pairwise.", orders.integers_where_they_are),
    _in_order("wider", "Adds in more digits than expected and rounds once.", summing.forwards, computing=wider),
    Member("bias-first", "order", "Starts each sum from the bias.", WITH_BIAS, orders.bias_first),
)

_matrices = Way(structures.by_matrices, structures.scattered(list), structures.filter_gradient_by_matrices)
_STRUCTURES = (
    _structured("matrices", "Multiplies matrices of filters and columns, and scatters columns back.", _matrices),
    _structured(
        "wider-matrices", "Multiplies the same matrices in more digits and rounds once.", _matrices, computing=wider
    ),
    _structured(
        "taps-backwards",
        "Adds tap after tap from the last to the first, images from the last to the first.",
        Way(
            structures.tap_by_tap(_backwards),
            structures.scattered(_backwards),
            structures.filter_gradient_by_images(lambda batch: reversed(range(batch))),
        ),
    ),
    _structured(
        "taps-shuffled",
        "Adds taps in an order of no pattern; the filter gradient tap by tap.",
        Way(
            structures.tap_by_tap(_without_pattern),
            structures.scattered(_without_pattern),
            structures.filter_gradient_tap_by_tap,
        ),
    ),
    _structured(
        "channels-outermost",
        "Adds input channel after input channel; gathers the input gradient by residues of the stride.",
        Way(structures.channel_by_channel, structures.gathered, structures.filter_gradient_by_images(range)),
    ),
    _structured(
        "named-sums",
        "Sums over named axes; the input gradient is the forward of dy with zeros inserted.",
        Way(
            structures.by_einsum,
            adjoints.input_gradient_by(structures.by_einsum),
            structures.filter_gradient_by_einsum,
        ),
    ),
    _structured(
        "sliding-windows",
        "Contracts views of sliding windows; the gradients are the forward of other arrays.",
        adjoints.by_forward(structures.by_sliding_windows),
    ),
    _structured(
        "flipped-matrices",
        "Both gradients are the forward by matrices, of rotated filters and of dy as filter.",
        adjoints.by_forward(structures.by_matrices),
    ),
    _structured(
        "one-matrix",
        "Writes the filters out as one sparse matrix, and takes its transpose for the input gradient.",
        Way(
            adjoints.forward_by_matrix,
            adjoints.input_gradient_by_matrix,
            adjoints.filter_gradient_by(adjoints.forward_by_matrix),
        ),
    ),
    _structured(
        "signal-library",
        "Correlates by the routine of a signal library, with filters spread to their dilation.",
        adjoints.by_forward(adjoints.by_signal_library),
    ),
    _structured("group-by-group", "Computes each group apart.", Way(*map(forms.group_by_group, _THREE))),
    _structured(
        "image-by-image", "Computes each image apart, the last one first.", Way(*map(forms.image_by_image, _THREE))
    ),
    _structured("in-bands", "Writes the result three rows at a time.", adjoints.by_forward(forms.in_bands)),
    _structured(
        "channels-last",
        "Computes with channels last and hands out a view of that.",
        adjoints.by_forward(forms.channels_last),
    ),
)

_FAST = (
    _right("fast", "fourier", "Multiplies spectra.", computed(adjoints.by_forward(fast.fourier)), "norm-wise"),
    _right("fast", "winograd-2x2", "Multiplies tiles of 2 x 2 results.", computed(fast.tiled(2)), "norm-wise"),
    _right("fast", "winograd-4x4", "Multiplies tiles of 4 x 4 results.", computed(fast.tiled(4)), "norm-wise"),
    _right(
        "fast",
        "strassen",
        "Multiplies quarters of matrices, seven products for eight.",
        computed(fast.quartered),
        "norm-wise",
    ),
)

_FORMS = (
    _formed("reference", "The reference itself.", forms.handed_out(lambda result: result)),
    _formed("read-only", "Hands out a result that is closed to writing.", forms.handed_out(forms.read_only)),
    _formed(
        "fortran-order", "Hands out a result with its first axis fastest.", forms.handed_out(forms.in_fortran_order)
    ),
    _formed(
        "every-second", "Hands out a view of every second element, backwards.", forms.handed_out(forms.as_every_second)
    ),
    Member(
        "one-buffer",
        "form",
        "Writes every answer into one buffer, which it keeps.",
        OPERATIONS,
        forms.in_one_buffer(),
        fresh=forms.in_one_buffer,
    ),
)

_FOLLOWED = ("conv", "conv_transpose")
_BEYOND = (
    Member(
        "padded-before",
        "beyond",
        "Pads by index, adds a border's gradient by a matrix, and follows the definition.",
        OPERATIONS,
        Beyond(),
        beyond=BEYOND,
    ),
    Member(
        "normalisation-folded",
        "beyond",
        "Folds a normalisation into filter and bias, rounded to their type.",
        _FOLLOWED,
        beyond.folded,
        beyond=BEYOND,
    ),
    Member(
        "rounded-at-each-step",
        "beyond",
        "Rounds after the convolution, its bias and each step that follows.",
        _FOLLOWED,
        beyond.step_by_step,
        beyond=BEYOND,
    ),
)

MEMBERS: tuple[Member, ...] = (*_ORDERS, *_STRUCTURES, *_FAST, *_FORMS, *_BEYOND)
