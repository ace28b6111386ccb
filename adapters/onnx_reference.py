"""The reference evaluator of ONNX: Python code that says what the operators mean, and is slow."""

from convformance.adapters import known, known_onnx_reference
from convformance.adapters.onnx_models import OnnxIntegers, OnnxModels


class OnnxReference(OnnxModels, OnnxIntegers):
    """``onnx.reference``, which evaluates a model node by node in NumPy."""

    name = "onnx_reference"
    distribution = "onnx"
    known_divergences = known_onnx_reference.KNOWN
    kinds_seen = known.KINDS_SEEN
    looked_at = "1.23.2"
    refusals = (
        r"index can't contain negative values",
        r"negative dimensions are not allowed",
        r"number of sliding blocks",
    )
    imports = ("from onnx.reference import ReferenceEvaluator",)
    loading = "evaluator = ReferenceEvaluator(model)"
    running = "evaluator.run(None, inputs)[0]"
