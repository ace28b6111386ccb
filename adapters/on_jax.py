"""Libraries of layers on JAX: each question is compiled as a whole, and has its gradients by ``jax.vjp``."""

from collections.abc import Callable
from typing import Any, ClassVar

from convformance.adapters.jax_compiling import VJP_TEXT, WIDE_TEXT, Compiler, jax_on_the_cpu
from convformance.adapters.written import Written


class OnJax(Written):
    """A library on JAX, on the CPU; ``library`` is how a script imports it."""

    bias_after = True
    library: ClassVar[str]
    operand, computed = "jnp.array({numbers}, jnp.{dtype})", "native.block_until_ready()"
    vjp_script = VJP_TEXT
    zeros_script = "jnp.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        self._compiler = Compiler(jax_on_the_cpu())
        self.setup = "import jax", "import jax.numpy as jnp", self.library, WIDE_TEXT
        super().__init__(**mode)

    @property
    def compiled(self) -> str:
        return "jax.jit(call)"

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._compiler(function)
