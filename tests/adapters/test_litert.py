"""LiteRT answers exactly what TensorFlow's converter can say, by its own kernels and by XNNPACK."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.litert import Litert
from tests.adapters import checking

pytest.importorskip("ai_edge_litert")
pytest.importorskip("tensorflow")

# A model takes a quarter of a second to be made.
NAMES = ("line-groups", "depthwise-multiplier", "same-upper-stride", "asymmetric-stride", "dilation", "volume-stride")
REFUSED = (
    "refused: outside the domain",
    "refused: Could not translate MLIR to FlatBuffer",
    "refused: tf.nn.conv_transpose has no groups",
)
ROUTES = {f"{r.operation}-{r.name}": r for r in Litert.routes() if checking.is_ordinary(r)}


@pytest.mark.parametrize("kernels", ["xnnpack", "reference"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_what_lies_in_the_domain_is_exact(route: Route, kernels: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    outcomes = checking.outcomes(Litert(kernels=kernels), route, with_bias=True, problems=problems)
    assert all(outcome.startswith(REFUSED) for outcome in outcomes.values())
    assert len(outcomes) < len(NAMES)


def test_a_negative_padding_is_refused() -> None:
    outcome = checking.outcome(Litert(), ROUTES["conv-nn.convolution"], checking.PROBLEMS["crop"])
    assert outcome.startswith("refused: a padding that is not negative")
