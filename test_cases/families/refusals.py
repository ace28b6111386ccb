"""Arguments that no convolution has, each asked of every route that takes it: refused is right, and so is the answer
where they have a meaning; a crash, a hang or any other result is a finding.

Most arguments are asked on one convolution in three ranks, with groups of one channel too where frameworks have kernels
of their own for these.
"""

from collections.abc import Iterator
from typing import Any

from convformance.adapters.raw import Raw
from convformance.test_cases.case import Case, case

_CONV, _TRANSPOSE = "conv", "conv_transpose"
_GRADIENTS = ("conv_input_grad", "conv_filter_grad")
_ALL = (_CONV, *_GRADIENTS, _TRANSPOSE)
_SIZED = ("conv_input_grad", "conv_transpose")

_SIZES = {1: ((6,), (2,)), 2: ((5, 6), (3, 2)), 3: ((4, 5, 6), (2, 3, 2))}
_DEPTHWISE = {"in_channels": 4, "out_channels": 4, "groups": 4}
_LARGE = {"2^31": 2**31, "2^40": 2**40, "2^61": 2**61, "2^62": 2**62}

Axes = tuple[int, ...]


def _ask(
    argument: str,
    asked: str,
    why: str,
    *,
    operations: tuple[str, ...] = _ALL,
    rank: int = 2,
    means: bool = False,
    meaning: dict[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """Declare a case: ``changes`` stand in place of what the problem says, ``meaning`` is that of the problem."""
    input_size, kernel_size = _SIZES[rank]
    parameters = {"input_size": input_size, "kernel_size": kernel_size, **(meaning or {})}
    groups = " in groups of one channel" if parameters.get("groups", 1) > 1 else ""
    sizes = "x".join(map(str, parameters["input_size"]))
    sentence = f"{asked[0].upper()}{asked[1:]}{groups} on an image of {sizes} in {', '.join(operations)}: {why}."
    return case(
        "refusals",
        sentence,
        operations=operations,
        dtypes=("float32",),
        tier="full",
        raw=Raw(argument, asked, tuple(changes.items()), means),
        **parameters,
    )


def _change(argument: str, value: Any) -> dict[str, Any]:
    return {argument: value}


def _steps(argument: str) -> Iterator[Case]:
    """Yield the cases about a stride or a dilation."""
    for rank in _SIZES:
        yield _ask(argument, f"{argument} 0", "windows do not move", rank=rank, **_change(argument, (0,) * rank))
        yield _ask(argument, f"{argument} -1", "windows go backwards", rank=rank, **_change(argument, (-1,) * rank))
    for asked, value in {"0 on one axis": (1, 0), "-1 on one axis": (-1, 2)}.items():
        yield _ask(argument, f"{argument} {asked}", "a single axis is enough", **_change(argument, value))
    for asked, value in {"0": (0, 0), "-1": (-1, -1), "0 on one axis": (0, 1)}.items():
        yield _ask(argument, f"{argument} {asked}", "kernels differ", meaning=_DEPTHWISE, **_change(argument, value))
    for asked, number in {"2^31": 2**31, "2^62": 2**62, "2^63 less 1": 2**63 - 1}.items():
        yield from _large_steps(argument, f"{argument} {asked}", (number, number))
    some: dict[str, Any] = {"operations": (_CONV, _TRANSPOSE)}
    yield _ask(argument, f"{argument} 2^64", "no integer of 64 bits holds it", **some, **_change(argument, (2**64, 1)))
    yield _ask(argument, f"{argument} 1 and a half", "positions are integers", **some, **_change(argument, (1.5, 1.5)))
    yield _ask(argument, f"{argument} in texts", "a text is no number", **some, **_change(argument, ("2", "2")))


def _large_steps(argument: str, asked: str, value: Axes) -> Iterator[Case]:
    """Yield the cases about a step that is larger than any image: it has a meaning."""
    meaning: dict[str, Any] = {argument: value}
    why = "there is a single result" if argument == "stride" else "the kernel is wider than any image"
    common: dict[str, Any] = {"means": True, argument: value}
    yield _ask(argument, asked, why, operations=(_CONV,), meaning=meaning, **common)
    if argument == "stride":
        meaning["input_size"] = _SIZES[2][1]
        yield _ask(argument, asked, why, operations=(_TRANSPOSE,), meaning=meaning, **common)


def _lists(argument: str, entry: Any, means: dict[str, Any]) -> Iterator[Case]:
    """Yield the cases about a list with an entry too many or too few; a single entry may stand for every axis."""
    many = {1: 2, 2: 3, 3: 4}
    for rank, count in many.items():
        value = (entry,) * count
        operations = _ALL if rank == 2 else (_CONV, _TRANSPOSE)
        yield _ask(
            argument, f"{argument} of one axis more", "which one is it", rank=rank, operations=operations,
            **_change(argument, value),
        )  # fmt: skip
    yield _ask(
        argument, f"{argument} of one axis less", "what of the last one", rank=3, **_change(argument, (entry,) * 2)
    )
    yield _ask(argument, f"{argument} of no axis", "an empty list says nothing", **_change(argument, ()))
    yield _ask(
        argument,
        f"{argument} in a list of one number",
        "some spread it over all axes",
        operations=(_CONV,),
        means=True,
        meaning=means,
        **_change(argument, (entry,)),
    )


def _groups() -> Iterator[Case]:
    numbers = {"0": 0, "-1": -1, "2^31": 2**31, "2^62": 2**62, "1 and a half": 1.5}
    for asked, value in numbers.items():
        yield _ask("groups", f"groups {asked}", "channels cannot be divided so", groups=value)
    for rank in (1, 3):
        yield _ask("groups", "groups 0", "a division by zero", rank=rank, groups=0)
    uneven: dict[str, Any] = {"operations": (_CONV, "conv_input_grad")}
    yield _ask("groups", "groups 3 of 4 channels", "they do not divide them", **uneven, groups=3, filter=(6, 1, 3, 2))
    yield _ask("groups", "groups 8 of 4 channels", "there are fewer", **uneven, groups=8, filter=(8, 1, 3, 2))
    yield _ask("groups", "groups 2 with a filter of one group", "it has too many channels", **uneven, groups=2)
    yield _ask("groups", "groups 4 of 6 channels", "they do not divide them", operations=(_TRANSPOSE,), groups=4)
    yield _ask(
        "groups", "groups 2 of 5 results", "they do not divide the output", groups=2, filter=(5, 2, 3, 2),
        operations=(_CONV,),
    )  # fmt: skip
    yield _ask(
        "groups", "groups 4 of 6 results", "they do not divide the output", groups=4, filter=(6, 1, 3, 2),
        operations=(_CONV,),
    )  # fmt: skip


def _padding() -> Iterator[Case]:
    cropped: dict[str, Any] = {"padding": ((-1, -1), (-1, -1))}
    for rank in _SIZES:
        crop = ((-1, -1),) * rank
        yield _ask(
            "padding", "padding -1", "it crops, where it is offered", rank=rank, means=True,
            meaning={"padding": crop, "input_size": (5, 6, 7)[:rank]}, padding=crop,
        )  # fmt: skip
    yield _ask(
        "padding", "padding -1", "kernels differ", means=True, meaning={**_DEPTHWISE, **cropped}, **cropped
    )  # fmt: skip
    forward: dict[str, Any] = {"operations": (_CONV, *_GRADIENTS)}
    yield _ask("padding", "padding -3", "it crops more than there is", **forward, padding=((-3, -3), (-4, -4)))
    for asked, number in _LARGE.items():
        pads = ((number, number), (number, number))
        yield _ask("padding", f"padding {asked}", "no memory holds the result", operations=(_CONV,), padding=pads)
        pads = ((-number, -number), (-number, -number))
        yield _ask("padding", f"padding -{asked}", "it crops more than there is", operations=(_CONV,), padding=pads)
        step = number // 2
        yield _ask(
            "padding", f"padding {asked} under a stride of half", "the result has five elements", rank=1, means=True,
            operations=(_CONV,), meaning={"padding": ((number, number),), "stride": (step,)},
            padding=((number, number),),
        )  # fmt: skip
    yield _ask("padding", "padding 2^64", "no integer of 64 bits holds it", **forward, padding=((2**64, 2**64), (0, 0)))
    yield _ask("padding", "padding a half", "positions are integers", padding=((0.5, 0.5), (0.5, 0.5)))
    yield _ask("padding", "padding by an unknown word", "no symbol is called that", padding="some")


def _output_padding() -> Iterator[Case]:
    for rank in _SIZES:
        strided = {"stride": (2,) * rank}
        for asked, value in {"as large as the stride": 2, "of two strides and one": 5, "-1": -1}.items():
            yield _ask(
                "output padding", f"output padding {asked}", "it lies outside 0 to stride less 1", rank=rank,
                operations=(_TRANSPOSE,), meaning=strided, output_padding=(value,) * rank,
            )  # fmt: skip
    strided = {"stride": (2, 2)}
    odd = {
        "2^31": (2**31,) * 2,
        "2^62": (2**62,) * 2,
        "of one axis more": (1, 1, 1),
        "of no axis": (),
        "a half": (0.5,) * 2,
    }
    for asked, sizes in odd.items():
        yield _ask(
            "output padding", f"output padding {asked}", "the result cannot have that size",
            operations=(_TRANSPOSE,), meaning=strided, output_padding=sizes,
        )  # fmt: skip
    yield _ask(
        "output padding", "output padding 1 at stride 1", "it lies outside 0 to stride less 1",
        operations=(_TRANSPOSE,), output_padding=(1, 1),
    )  # fmt: skip


def _result_sizes() -> Iterator[Case]:
    """Yield the cases about the size, and the shape, that a call is given for its result."""
    why = "the operands do not have such a result"
    for rank in (2, 3):
        size, kernel = _SIZES[rank]
        for asked, value in {"0": 0, "-1": -1, "2^31": 2**31, "2^62": 2**62}.items():
            image, taps = (2, 4, *(value,) * rank), (6, 4, *(value,) * rank)
            yield _sized(f"result size {asked}", why, rank, _SIZED, image)
            yield _sized(f"size of the filter {asked}", why, rank, ("conv_filter_grad",), taps)
        larger, smaller = tuple(entry + 1 for entry in size), tuple(entry - 1 for entry in size)
        yield _sized("result size larger by one", why, rank, _SIZED, (2, 4, *larger))
        yield _sized("result size smaller by one", why, rank, ("conv_input_grad",), (2, 4, *smaller))
        yield _ask(
            "result size", "result size smaller by one", "it may mean a padding at the start", rank=rank,
            operations=(_TRANSPOSE,), means=True, result_shape=(2, 4, *smaller), padding=((0, 0),) * rank,
            meaning={"input_size": smaller, "padding": ((1, 0),) * rank},
        )  # fmt: skip
        yield _sized("result size one number", why, rank, _SIZED, (5,), "result shape")
        yield _sized("result size no number", why, rank, _SIZED, (), "result shape")
        yield _sized("result of another batch", why, rank, _SIZED, (3, 4, *size), "result shape")
        yield _sized("result of other channels", why, rank, _SIZED, (2, 3, *size), "result shape")
        yield _sized("result of one axis less", why, rank, _SIZED, (2, 4, *size[1:]), "result shape")
        yield _sized("result of one axis more", why, rank, _SIZED, (2, 4, *size, 1), "result shape")
        shapes = {
            "larger by one": (6, 4, *(entry + 1 for entry in kernel)),
            "with other results": (5, 4, *kernel),
            "with other channels": (6, 3, *kernel),
            "of one axis less": (6, 4, *kernel[1:]),
            "one number": (5,),
        }
        for asked, shape in shapes.items():
            yield _sized(f"size of the filter {asked}", why, rank, ("conv_filter_grad",), shape, "result shape")
    for asked, shape in {"larger by one": (2, 4, 6, 7), "-1": (2, 4, -1, -1), "one number": (5,)}.items():
        yield _sized(f"result size {asked}", why, 2, ("conv_input_grad",), shape, meaning=_DEPTHWISE)
    for asked, shape in {"larger by one": (4, 1, 4, 3), "-1": (4, 1, -1, -1), "one number": (5,)}.items():
        yield _sized(f"size of the filter {asked}", why, 2, ("conv_filter_grad",), shape, meaning=_DEPTHWISE)


def _sized(
    asked: str,
    why: str,
    rank: int,
    operations: tuple[str, ...],
    shape: Axes,
    argument: str = "result size",
    meaning: dict[str, Any] | None = None,
) -> Case:
    return _ask(argument, asked, why, rank=rank, operations=operations, meaning=meaning, result_shape=shape)


def _kernels() -> Iterator[Case]:
    for asked, taps in {"": (0, 0), " on one axis": (0, 2)}.items():
        yield _ask(
            "shapes", f"a filter without taps{asked}", "sums of nothing are zero", operations=(_CONV,), means=True,
            filter=(6, 4, *taps),
        )  # fmt: skip
        yield _ask(
            "shapes", f"a filter without taps{asked} for a dy", "the operands do not go together", operations=_SIZED,
            filter=(6, 4, *taps),
        )  # fmt: skip
    for rank in (2, 3):
        larger = tuple(taps + 1 for taps in _SIZES[rank][1])
        sizes: dict[str, Any] = {"larger by one": larger, "0": (0,) * rank, "-1": (-1,) * rank, "2^31": (2**31,) * rank}
        if rank == 2:
            sizes |= {"of one axis more": (3, 2, 2), "of one axis less": (3,), "of no axis": ()}
        for asked, value in sizes.items():
            yield _ask(
                "kernel size", f"kernel size {asked}", "the filter has another", rank=rank, kernel_size=value,
                operations=(_CONV, _TRANSPOSE),
            )  # fmt: skip


def _shapes() -> Iterator[Case]:
    """Yield the cases about operands that do not go together."""
    for rank in (2, 3):
        size, kernel = _SIZES[rank]
        output = tuple(entry - taps + 1 for entry, taps in zip(size, kernel, strict=True))
        for channels in (0, 1, 3, 8):
            yield _ask(
                "shapes", f"a filter of {channels} channels for 4", "it has others than the image", rank=rank,
                operations=(_CONV,), filter=(6 if channels != 1 else 7, channels, *kernel),
            )  # fmt: skip
        for results in (0, 3, 8):
            yield _ask(
                "shapes", f"a filter of {results} results for 6", "it has others than what it is applied to", rank=rank,
                operations=_SIZED, filter=(results, 4, *kernel),
            )  # fmt: skip
        gradients = {
            "of another batch": (3, 6, *output),
            "of other channels": (2, 5, *output),
            "larger by one": (2, 6, *(entry + 1 for entry in output)),
            "smaller by one": (2, 6, *(entry - 1 for entry in output)),
            "without elements": (2, 6, *(0,) * rank),
        }
        for asked, shape in gradients.items():
            yield _ask(
                "shapes", f"a dy {asked}", "it is the gradient of something else", rank=rank, operations=_GRADIENTS,
                output=shape,
            )  # fmt: skip
    for asked, shape in {"of other channels": (2, 3, 3, 5), "larger by one": (2, 4, 4, 6)}.items():
        yield _ask("shapes", f"a dy {asked}", "kernels differ", operations=_GRADIENTS, meaning=_DEPTHWISE, output=shape)
    yield _ask(
        "shapes", "a filter of 3 channels for 4", "kernels differ", operations=(_CONV,), meaning=_DEPTHWISE,
        filter=(3, 1, 3, 2),
    )  # fmt: skip


def _ranks() -> Iterator[Case]:
    single = {"batch": 1}
    yield _ask(
        "rank", "an image without a batch", "some take it for a batch of one", operations=(_CONV,), means=True,
        meaning=single, input=(4, 5, 6),
    )  # fmt: skip
    for asked, more in {"another axis": (1,), "two more axes": (1, 1)}.items():
        yield _ask(
            "rank",
            f"an image with {asked} of batches",
            "some have any number of these",
            operations=(_CONV,),
            means=True,
            input=(2, 4, *more, 5, 6),
        )
    shapes = {"one axis": (4,), "two axes": (5, 6), "no axis": ()}
    for asked, shape in shapes.items():
        yield _ask("rank", f"an image of {asked}", "it has none of a channel", operations=(_CONV,), input=shape)
    shapes = {
        "one axis": (4,),
        "two axes": (6, 4),
        "three axes": (6, 4, 3),
        "no axis": (),
        "five axes": (6, 4, 1, 3, 2),
    }
    for asked, shape in shapes.items():
        yield _ask("rank", f"a filter of {asked}", "the image has two", operations=(_CONV, *_SIZED), filter=shape)
    shapes = {"one axis": (10,), "three axes": (6, 3, 5), "no axis": (), "five axes": (2, 6, 1, 3, 5)}
    for asked, shape in shapes.items():
        yield _ask("rank", f"a dy of {asked}", "the image has two", operations=_GRADIENTS, output=shape)


def _biases() -> Iterator[Case]:
    for operation, results in {_CONV: 6, _TRANSPOSE: 4}.items():
        sizes: dict[str, Axes] = {f"of {size} numbers": (size,) for size in (0, 1, results - 1, results + 1)}
        for asked, shape in {**sizes, f"of {results} by 1 numbers": (results, 1), "of no axis": ()}.items():
            yield _ask(
                "bias", f"a bias {asked} for {results}", "each result has one", operations=(operation,), bias=shape
            )  # fmt: skip
        for dtype in ("float64", "int32"):
            yield _ask(
                "bias", f"a bias of {results} in {dtype}", "some convert it", operations=(operation,), means=True,
                bias=(results,), dtypes=("float32", "float32", dtype),
            )  # fmt: skip


def _dtypes() -> Iterator[Case]:
    """Yield the cases about dtypes: some frameworks convert, and the sums are the same in all of them."""
    for dtype in ("float64", "float16", "int32", "complex64"):
        yield _ask("dtype", f"a second operand in {dtype}", "some convert it", means=True, dtypes=("float32", dtype))
        yield _ask("dtype", f"a first operand in {dtype}", "some convert it", means=True, dtypes=(dtype, "float32"))
    for dtype in ("int32", "int64"):
        yield _ask(
            "dtype",
            f"both operands in {dtype}",
            "sums are exact",
            operations=(_CONV, _TRANSPOSE),
            means=True,
            dtypes=(dtype,) * 2,
        )
    yield _ask("dtype", "both operands in complex64", "sums are exact", means=True, dtypes=("complex64",) * 2)


CASES: tuple[Case, ...] = (
    *_steps("stride"),
    *_lists("stride", 2, {"stride": (2, 2)}),
    *_steps("dilation"),
    *_lists("dilation", 2, {"dilation": (2, 2)}),
    *_groups(),
    *_padding(),
    *_lists("padding", (1, 1), {"padding": ((1, 1), (1, 1))}),
    *_output_padding(),
    *_result_sizes(),
    *_kernels(),
    *_shapes(),
    *_ranks(),
    *_biases(),
    *_dtypes(),
)
