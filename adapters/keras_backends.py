"""Keras 3 on the libraries that it runs on: the lines that prepare each, and how it takes gradients."""

from collections.abc import Mapping
from typing import ClassVar

from convformance.adapters.contract import UsageError
from convformance.adapters.jax_compiling import VJP_TEXT, WIDE_TEXT, jax_on_the_cpu
from convformance.adapters.written import Written

_TORCH_VJP = "{variable} = {zeros}.requires_grad_()\ntorch.autograd.grad({call}, {variable}, dy)[0]"
_TENSORFLOW_VJP = """\
{variable} = {zeros}
with tf.GradientTape() as tape:
    tape.watch({variable})
    result = {call}
tape.gradient(result, {variable}, dy)"""

_BACKENDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "torch": (("import torch", "torch.set_num_threads(1)"), _TORCH_VJP),
    "jax": (("import jax", WIDE_TEXT), VJP_TEXT),
    "tensorflow": (("import tensorflow as tf",), _TENSORFLOW_VJP),
}


class OnBackends(Written):
    """What runs on one of these libraries, which Keras takes once for its process."""

    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"backend": tuple(_BACKENDS)}
    process_options = ("backend",)
    compilers: ClassVar[Mapping[str, str]] = {"jax": "jax.jit(call)"}
    forgetting = "jax.clear_caches()"

    def __init__(self, **mode: str) -> None:
        backend = self.complete_mode(mode)["backend"]
        if backend == "jax":
            jax_on_the_cpu()
        imports, self.vjp_script = _BACKENDS[backend]
        self.environment, self.setup = {"KERAS_BACKEND": backend}, ("import keras", *imports)
        super().__init__(**mode)
        if self.value("keras.config.backend()") != backend:
            raise UsageError(f"adapter keras: backend={backend} comes too late: Keras runs in this process")
