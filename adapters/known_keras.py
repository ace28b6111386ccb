"""Known divergences of Keras: those of the back end that it runs on, and of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import JAX, KINDS_SEEN, TORCH, UNFUSED_BIAS
from convformance.adapters.known_devices import without_devices
from convformance.adapters.known_tensorflow import TENSORFLOW
from convformance.adapters.torch_geometry import REFUSALS

_OWN = {divergence.name for divergence in UNFUSED_BIAS}


def _of(backend: str, known: Iterable[KnownDivergence]) -> Iterator[KnownDivergence]:
    """Return what is known of any call of a back end, as Keras has it on the processor.

    Not what names calls or modes of its own.
    """
    for divergence in without_devices(known):
        if not (divergence.routes or divergence.modes or divergence.name in _OWN):
            modes = {"backend": backend}
            yield replace(divergence, name=f"{backend}-{divergence.name}", modes=modes, always=False)


_OWN_OF_TENSORFLOW = KnownDivergence(
    "tensorflow-output-padding-past-the-stride",
    "oneDNN does not take an output padding of the stride or more, and TensorFlow hands it one: could not create a "
    "primitive descriptor.",
    "float32 and bfloat16, transposed convolutions with an output padding from the stride up to the dilation",
    grades=("error",),
    operations=("conv_transpose", "conv_transpose_input_grad", "conv_transpose_filter_grad"),
    when=lambda case, dtype: dtype in ("float32", "bfloat16") and case.outputs is not None,
    modes={"backend": "tensorflow"},
    always=False,
)

KERAS = (_OWN_OF_TENSORFLOW, *UNFUSED_BIAS, *_of("torch", TORCH), *_of("jax", JAX), *_of("tensorflow", TENSORFLOW))


class Known(Adapter):
    """What was seen of Keras."""

    known_divergences = KERAS
    kinds_seen = KINDS_SEEN
    looked_at = "3.15.1"
    refusals = (
        r"not supported in conjunction",
        r"resulted in an empty output",
        r"do not yet support dilation rates larger than",
        *REFUSALS,
    )
