"""What JAX compiles is kept for a while and then thrown away, as all of it would stay in memory: 2 MB a question."""

from collections.abc import Callable
from typing import Any

WIDE_TEXT = 'jax.config.update("jax_enable_x64", True)'
VJP_TEXT = "jax.vjp(lambda {variable}: {call}, {zeros})[1](dy)[0]"
# Problems after which it is thrown away: no question comes back to an earlier one.
KEPT = 50


def jax_on_the_cpu() -> Any:
    """Return JAX, with numbers of 64 bits, on the processor."""
    import jax

    settings: Any = jax.config
    settings.update("jax_enable_x64", True)
    settings.update("jax_platforms", "cpu")
    return jax


class Compiler:
    """Compiles for JAX; after so many problems, compiled or not, it lets JAX forget them."""

    def __init__(self, jax: Any, *, kept: int = KEPT) -> None:
        self._jax, self._kept, self._count = jax, kept, 0

    def forget(self) -> None:
        """Count one problem more, and throw away what was compiled where it is time to."""
        self._count = (self._count + 1) % self._kept
        if not self._count:
            self._jax.clear_caches()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function compiled."""
        self.forget()
        compiled: Callable[..., Any] = self._jax.jit(function)
        return compiled
