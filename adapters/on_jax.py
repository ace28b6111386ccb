"""Libraries of layers on JAX: each question is compiled as a whole, and has its gradients by ``jax.vjp``."""

from typing import ClassVar

from convformance.adapters.jax_compiling import VJP_TEXT, WIDE_TEXT, jax_on_the_cpu
from convformance.adapters.written import Written


class OnJax(Written):
    """A library on JAX, on the CPU; ``library`` is how a script imports it."""

    bias_after = True
    library: ClassVar[str]
    operand, computed = "jnp.array({numbers}, jnp.{dtype})", "native.block_until_ready()"
    compiled, forgetting = "jax.jit(call)", "jax.clear_caches()"
    vjp_script = VJP_TEXT
    zeros_script = "jnp.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        jax_on_the_cpu()
        self.setup = "import jax", "import jax.numpy as jnp", self.library, WIDE_TEXT
        super().__init__(**mode)
