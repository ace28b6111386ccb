"""Keras 3 on the libraries that it runs on: how each is prepared, how it takes gradients, how a script writes that."""

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters.automatic import Function
from convformance.adapters.contract import UsageError
from convformance.adapters.jax_compiling import VJP_TEXT, WIDE_TEXT, Compiler, jax_on_the_cpu


class Backend:
    """A library under Keras; ``imports`` are a script's lines, ``compiled`` how it compiles a call, if it does."""

    imports: ClassVar[tuple[str, ...]]
    compiled: ClassVar[str] = ""
    vjp_script: ClassVar[str]

    def __init__(self, name: str) -> None:
        self.keras: Any = _keras_on(name)
        self.setup = "import os", f'os.environ["KERAS_BACKEND"] = "{name}"', "import keras", *self.imports

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what Keras runs where it trains."""
        return function

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        """Return the gradient of ``function`` at ``at`` for that of its result."""
        raise NotImplementedError


class Torch(Backend):
    imports = ("import torch",)
    vjp_script = "{variable} = {zeros}.requires_grad_()\ntorch.autograd.grad({call}, {variable}, dy)[0]"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        import torch

        torch.set_num_threads(1)
        self.torch: Any = torch

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        at = at.requires_grad_()
        return self.torch.autograd.grad(function(at), at, upstream)[0]


class Jax(Backend):
    imports = ("import jax", WIDE_TEXT)
    compiled = "jax.jit(call)"
    vjp_script = VJP_TEXT

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.jax: Any = jax_on_the_cpu()
        self._compiler = Compiler(self.jax)

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._compiler(function)

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return self.jax.vjp(function, at)[1](upstream)[0]


class Tensorflow(Backend):
    imports = ("import tensorflow as tf",)
    vjp_script = """\
{variable} = {zeros}
with tf.GradientTape() as tape:
    tape.watch({variable})
    result = {call}
tape.gradient(result, {variable}, dy)"""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        import tensorflow

        self.tensorflow: Any = tensorflow

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        with self.tensorflow.GradientTape() as tape:
            tape.watch(at)
            result = function(at)
        return tape.gradient(result, at, upstream)


BACKENDS: Mapping[str, type[Backend]] = {"torch": Torch, "jax": Jax, "tensorflow": Tensorflow}


def _keras_on(backend: str) -> Any:
    """Return Keras on ``backend``, which it reads from the environment; processes begun later see it as it was."""
    before = os.environ.pop("KERAS_BACKEND", None)
    os.environ["KERAS_BACKEND"] = backend
    try:
        import keras
    finally:
        del os.environ["KERAS_BACKEND"]
        if before is not None:
            os.environ["KERAS_BACKEND"] = before
    if keras.config.backend() != backend:
        raise UsageError(f"adapter keras: backend={backend} comes too late: Keras runs in this process")
    return keras
