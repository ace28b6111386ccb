"""Libraries of layers on JAX: each question is compiled as a whole, and has its gradients by ``jax.vjp``."""

from collections.abc import Callable
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.jax_compiling import VJP_TEXT, WIDE_TEXT, Compiler, jax_on_the_cpu
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.notation import Notation


class OnJax(Automatic):
    """A library on JAX, on the CPU; ``import_text`` is how a script imports it."""

    kinds_seen = KINDS_SEEN
    bias_after = True
    import_text: ClassVar[str] = ""
    vjp_script = VJP_TEXT
    zeros_script = "jnp.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.jax: Any = jax_on_the_cpu()
        self._compiler = Compiler(self.jax)

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._compiler(function)

    def wait(self, native: Any) -> Any:
        return native.block_until_ready()

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return self.jax.vjp(function, at)[1](upstream)[0]

    def notation(self) -> Notation:
        imports = "import jax", "import jax.numpy as jnp", self.import_text
        setup = (*imports, WIDE_TEXT)
        return Notation(setup, "jnp.array({numbers}, jnp.{dtype})", strided="", compiled="jax.jit(call)")
