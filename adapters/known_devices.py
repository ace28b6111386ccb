"""What is known to diverge on GPUs, and how a divergence says that it is of GPUs or of processors alone."""

from collections.abc import Iterable
from typing import Any

from convformance.adapters.divergence import KnownDivergence, Machines
from convformance.processes.machine import Machine

ON_PROCESSORS = Machines("processors, not devices such as GPUs", lambda machine: not machine.device)


def _capability(machine: Machine) -> tuple[int, ...]:
    """Return the compute capability of a CUDA device, or nothing."""
    return tuple(int(part) for part in machine.device.get("capability", "").split(".") if part.isdigit())


ON_GPUS = Machines("CUDA devices", lambda machine: bool(_capability(machine)))
WITH_TENSOR_FLOAT = Machines(
    "CUDA devices of compute capability 8.0 and above", lambda machine: _capability(machine) >= (8, 0)
)


def without_devices(known: Iterable[KnownDivergence]) -> tuple[KnownDivergence, ...]:
    """Return those that are not of devices alone: for who calls a library on the processor only."""
    return tuple(each for each in known if each.machines not in (ON_GPUS, WITH_TENSOR_FLOAT))


_NARROW = ("float16", "bfloat16")
_GRADIENTS = ("conv_input_grad", "conv_filter_grad", "conv_transpose_input_grad", "conv_transpose_filter_grad")


def _products_in_tfloat32(reason: str, **where: Any) -> KnownDivergence:
    """Return that float32 is rounded to TF32 before it is multiplied, unless the mode forbids it."""
    return KnownDivergence(
        "products-in-tfloat32",
        reason,
        "float32 and complex64; which algorithm is chosen decides where",
        grades=("low-precision",),
        when=lambda case, dtype: dtype in ("float32", "complex64"),
        machines=WITH_TENSOR_FLOAT,
        **where,
    )


# Of whoever leaves the choice of the algorithm to cuDNN, as PyTorch and JAX do.
_INEXACT_FILTER_GRADIENT = KnownDivergence(
    "inexact-filter-gradient",
    "For large images cuDNN may take an algorithm for the filter gradient that is not exact where the sums of integers "
    "are, with TF32 or without.",
    "float32; which algorithm is chosen decides where",
    grades=("componentwise", "norm-wise"),
    operations=("conv_filter_grad", "conv_transpose_filter_grad"),
    when=lambda case, dtype: dtype == "float32",
    machines=ON_GPUS,
    always=False,
)

TORCH = (
    _products_in_tfloat32(
        "PyTorch lets cuDNN round float32 operands to TF32 before they are multiplied; "
        "torch.backends.cudnn.allow_tf32 = False forbids it.",
        link="https://docs.pytorch.org/docs/stable/notes/cuda.html#tensorfloat-32-tf32-on-ampere-and-later-devices",
        modes={"tf32": "on"},
    ),
    _INEXACT_FILTER_GRADIENT,
    KnownDivergence(
        "sums-partly-in-16-bits",
        "Some algorithms of cuDNN keep all or part of a sum in the 16 bits of its operands, where others keep float32.",
        "float16 and bfloat16; which algorithm is chosen decides where",
        grades=("low-precision", "componentwise"),
        operations=("conv", "conv_transpose", *_GRADIENTS),
        when=lambda case, dtype: dtype in _NARROW,
        machines=ON_GPUS,
        always=False,
    ),
    KnownDivergence(
        "empty-image-with-padding",
        "The gradients of a transposed convolution whose small side has no elements but padding end in an internal "
        "error of cuDNN, where the sums of nothing are zero.",
        "an axis of size 0 with padding",
        grades=("error",),
        operations=("conv_transpose_input_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: 0 in case.input_size,
        machines=ON_GPUS,
    ),
)

JAX = (
    _products_in_tfloat32(
        "XLA lets cuDNN round float32 operands to TF32 before they are multiplied; precision='highest' forbids it.",
        link="https://docs.jax.dev/en/latest/_autosummary/jax.default_matmul_precision.html",
        modes={"precision": "default"},
    ),
    _INEXACT_FILTER_GRADIENT,
    KnownDivergence(
        "minus-infinity-gives-zero",
        "An algorithm of cuDNN that XLA's autotuner picks gives 0 where a float16 sum is minus infinity or lies below "
        "the type's range; with --xla_gpu_autotune_level=0 the answer is right.",
        "float16, sums that leave the range or operands that hold an infinity",
        grades=("wrong",),
        when=lambda case, dtype: dtype == "float16" and ("overflow" in case.range or "inf" in case.special),
        machines=ON_GPUS,
        always=False,
    ),
    KnownDivergence(
        "integers-end-in-an-internal-error",
        "cuDNN has no convolution of int32: XLA says so of some, and ends in an internal error over others.",
        "int32, the gradients and transposed convolutions that XLA recognises as such",
        grades=("error",),
        operations=("conv_filter_grad", "conv_input_grad", "conv_transpose"),
        when=lambda case, dtype: dtype == "int32",
        machines=ON_GPUS,
    ),
)
