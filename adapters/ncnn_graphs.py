"""ncnn's text of a ``Convolution`` or ``Deconvolution`` layer, and the lines of a script that run a model of it."""

from collections.abc import Mapping, Sequence
from math import prod

from convformance.adapters.shapes import check_no_crop
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_SYMBOLS = {"same_upper": -233, "same_lower": -234}
# The numbers of a layer's parameters, one for each axis, the last axis first.
_KERNEL, _DILATION, _STRIDE = (1, 11, 21), (2, 12, 22), (3, 13, 23)
_LOW, _HIGH, _OUTPUT_PADDING = (4, 14, 24), (15, 16, 17), (18, 19, 20)


def convolution(problem: Problem, has_bias: bool) -> str:
    """Return the layer of a convolution."""
    symbol = _SYMBOLS.get(problem.symbol or "")
    pads = dict.fromkeys((*_LOW[: problem.rank], *_HIGH[: problem.rank]), symbol) if symbol else _paddings(problem)
    return _layer("Convolution", problem, problem.out_channels, has_bias, pads)


def transposed(problem: Problem, has_bias: bool) -> str:
    """Return the layer of a transposed convolution."""
    more = _paddings(problem) | _by_axis(_OUTPUT_PADDING, problem.output_padding)
    return _layer("Deconvolution", problem, problem.in_channels, has_bias, more)


def _paddings(problem: Problem) -> dict[int, int]:
    """Return the paddings; raises Refusal for a negative one, which ncnn ignores."""
    check_no_crop(problem)
    return _by_axis(_LOW, problem.lows) | _by_axis(_HIGH, problem.highs)


def _layer(kind: str, problem: Problem, outputs: int, has_bias: bool, more: Mapping[int, int]) -> str:
    """Return the line of a model that says the layer."""
    rank = "" if problem.rank == 2 else f"{problem.rank}D"
    name = f"{kind}{'DepthWise' if problem.groups > 1 else ''}{rank}"
    sizes = _by_axis(_KERNEL, problem.kernel_size) | _by_axis(_DILATION, problem.dilation)
    weights = {5: int(has_bias), 6: prod(problem.filter_shape), 7: problem.groups}
    numbers = {0: outputs, **sizes, **_by_axis(_STRIDE, problem.stride), **weights, **more}
    texts = (f"{key}={value}" for key, value in numbers.items())
    return f"{name} y 1 1 x y {' '.join(texts)}"


def _by_axis(ids: tuple[int, ...], values: Size) -> dict[int, int]:
    return dict(zip(ids, reversed(values), strict=False))


def script(layer: str, options: Sequence[str], images: str, batch: int, copy: str, *, has_bias: bool) -> str:
    """Return the lines that set ``options``, load a model of ``layer`` with ``w``, and give it each of ``images``."""
    settings = "\n".join(options)
    return f'''\
net = ncnn.Net()
{settings}
layer = "{layer}"
net.load_param_mem(f'7767517\\n2 2\\nInput x 0 1 x\\n{{layer}}\\n')
with tempfile.NamedTemporaryFile(suffix=".bin") as file:
    file.write(bytes(4) + w.tobytes(){" + bias.tobytes()" if has_bias else ""})  # 0: float32 follows
    file.flush()
    net.load_model(file.name)
{_of_one_image(images, copy) if batch == 1 else _of_images(images, copy)}'''


def _of_one_image(images: str, copy: str) -> str:
    return f"""\
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat({images}[0]){copy})
status, result = extractor.extract("y")
assert status == 0, f"ncnn: extract returned {{status}}"
np.array(result)[None]"""


def _of_images(images: str, copy: str) -> str:
    return f"""\
results = []
for image in {images}:
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(image){copy})
    status, result = extractor.extract("y")
    assert status == 0, f"ncnn: extract returned {{status}}"
    results.append(np.array(result))
np.stack(results)"""
