"""How operands lie in memory: as the case says, with the numbers that the layout demands, and no others."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from convformance.adapters import guarded
from convformance.judging.bounds import EXACT_FILLS, RANDOM_FILLS
from convformance.test_cases import examining, features, fills
from convformance.test_cases.case import case
from convformance.test_cases.memory import MEMORY, Role, lay_out

FILLS = (*EXACT_FILLS, *RANDOM_FILLS)
PLANE = case(
    "test",
    "Anything.",
    input_size=(6, 5),
    kernel_size=(3, 2),
    padding=((1, 0), (0, 1)),
    in_channels=4,
    groups=2,
    operations=("conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad", "conv_transpose"),
    bias=True,
)
READS = """
import ctypes, sys
import numpy as np
from convformance.adapters.guarded import guard
array = guard(np.arange(7.0), first=sys.argv[1] == "first")
step = -8 if sys.argv[1] == "first" else 8 * 7
print(array.sum(), flush=True)
ctypes.c_double.from_address(array.ctypes.data + step * (sys.argv[2] == "outside")).value
"""


def operands(memory, operation="conv", fill="int", dtype="float32", **changes):
    filled = fills.fill(replace(PLANE, memory=memory, **changes), operation, dtype, fill)
    return [*filled.arrays, *([] if filled.bias is None else [filled.bias])]


def before(array):
    """Return the element that lies before a contiguous array in the memory that it is a view of."""
    owner = array if array.base is None else array.base
    return owner.ravel()[(array.ctypes.data - owner.ctypes.data) // array.itemsize - 1]


def repeats(array):
    """Return the axes along which an array has a stride of 0."""
    return {
        axis for axis, (size, step) in enumerate(zip(array.shape, array.strides, strict=True)) if size > 1 and step == 0
    }


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_every_layout_has_the_shape_the_dtype_and_the_numbers_of_what_is_laid_out(memory, dtype):
    array = fills.fill(PLANE, "conv", dtype, "normal").arrays[0]
    for fill in FILLS:
        laid_out = lay_out(array, memory, Role(fill, 1, 2) if memory != "expanded" else Role("positive", 1, 2))
        assert (laid_out.shape, laid_out.dtype) == (array.shape, array.dtype)
        assert laid_out.flags.writeable, "what is changed has to be put back"
        assert laid_out.tobytes() == array.tobytes()


@pytest.mark.parametrize("operation", PLANE.operations)
def test_an_expanded_operand_repeats_its_numbers_and_every_operand_is_one_on_some_fill(operation):
    seen = set()
    for fill in (each for each in FILLS if each != "wwide" or operation != "conv_bias_grad"):
        arrays = operands("expanded", operation, fill)
        for number, array in enumerate(arrays):
            for axis in repeats(array):
                seen.add((number, axis))
                assert np.array_equal(array, np.broadcast_to(array.take([0], axis), array.shape))
        assert sum(map(bool, map(repeats, arrays[:2]))) <= 1, "two of them would repeat the roundings"
    assert {number for number, _ in seen} == set(range(len(operands("contiguous", operation))))
    assert len({axis for number, axis in seen if number == 0}) >= 2


@pytest.mark.parametrize("operation", PLANE.operations)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_exact_fills_of_repeated_numbers_are_exact_and_not_all_zero(operation, dtype):
    examination = examining.examination(replace(PLANE, memory="expanded"), operation, dtype)
    for name in examination.fills:  # a trial raises BrokenFill where sums are too long
        assert np.any(examination.trial(name).want)


@pytest.mark.parametrize("special", fills.SPECIALS)
def test_a_special_value_is_repeated_with_the_numbers(special):
    for fill in FILLS:
        arrays = operands("expanded", fill=fill, special=special, bias=False, dtype="float32")
        assert any(not np.isfinite(array).all() for array in arrays)
        assert any(map(repeats, arrays))


def test_unaligned_operands_begin_one_element_behind_where_vectors_do():
    for dtype in ("float64", "float32", "float16"):
        for array in operands("unaligned", dtype=dtype):
            assert array.ctypes.data % 64 == array.itemsize
            assert array.flags.c_contiguous
            assert np.isnan(before(array))


def test_axes_of_size_one_have_strides_of_which_no_two_fills_agree():
    narrow = replace(PLANE, in_channels=1, out_channels=6, groups=1, memory="ones")
    strides = {fill: fills.fill(narrow, "conv", "float32", fill).arrays[0].strides for fill in FILLS}
    assert len({steps[1] for steps in strides.values()}) == len(FILLS)
    assert len({steps[:1] + steps[2:] for steps in strides.values()}) == 1


def test_ones_without_an_axis_of_size_one_count_as_contiguous():
    (level,) = (feature.level for feature in features.FEATURES if feature.name == "memory")
    plain = replace(PLANE, memory="ones")
    assert level(features.Question(plain, "conv", "float32")) == "contiguous"
    assert level(features.Question(replace(plain, batch=1), "conv", "float32")) == "ones"
    assert level(features.Question(replace(plain, memory="guarded"), "conv", "float32")) == "guarded"


def test_guarded_operands_begin_or_end_at_a_page_by_fill():
    page = guarded.mmap.PAGESIZE
    sides = set()
    for fill in FILLS:
        for array in operands("guarded", fill=fill):
            begin = array.ctypes.data % page == 0
            assert begin or (array.ctypes.data + array.nbytes) % page == 0
            sides.add(begin)
    assert sides == {True, False}


def test_what_is_moved_stays_guarded_as_it_was():
    array = guarded.guard(np.arange(6.0).reshape(2, 3), first=False)
    moved = guarded.guarded_like(np.ascontiguousarray(array.T), array)
    assert guarded.is_guarded(moved)
    assert np.array_equal(moved, array.T)
    assert not guarded.is_guarded(guarded.guarded_like(array.T.copy(), np.zeros(3)))


@pytest.mark.skipif(guarded._mprotect() is None, reason="this system protects no pages")
@pytest.mark.parametrize("side", ["first", "last"])
@pytest.mark.parametrize("where", ["inside", "outside"])
def test_who_reads_outside_a_guarded_array_ends_its_process(side, where):
    ended = subprocess.run([sys.executable, "-c", READS, side, where], capture_output=True, text=True, check=False)
    assert ended.stdout.strip() == "21.0"
    assert ended.returncode == (0 if where == "inside" else -signal.SIGSEGV)


def test_where_no_page_can_be_protected_nan_lies_on_both_sides(monkeypatch):
    monkeypatch.setattr(guarded, "_mprotect", lambda: None)
    for first in (True, False):
        array = guarded.guard(np.arange(7.0), first=first)
        beside = np.ndarray((9,), np.float64, array.base, array.ctypes.data - array.base.ctypes.data - 8)
        assert np.isnan(beside[[0, -1]]).all()
        assert np.array_equal(beside[1:-1], array)
