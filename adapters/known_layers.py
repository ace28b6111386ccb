"""What was seen of libraries of layers on JAX: what is known of JAX on the processor."""

from convformance.adapters.contract import Adapter
from convformance.adapters.known import JAX, KINDS_SEEN
from convformance.adapters.known_devices import without_devices


class Equinox(Adapter):
    """What was seen of Equinox."""

    known_divergences = without_devices(JAX)
    kinds_seen = KINDS_SEEN
    looked_at = "0.13.8"
    refusals = (r"Must have `output_padding < stride`", r"index can.t contain negative values")


class Flax(Adapter):
    """What was seen of Flax."""

    known_divergences = without_devices(JAX)
    kinds_seen = KINDS_SEEN
    looked_at = "0.12.8"
