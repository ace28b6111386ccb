"""tract, an inference engine in Rust, which reads ONNX models from files."""

from convformance.adapters import known, known_tract
from convformance.adapters.onnx_models import OnnxIntegers, OnnxModels


class Tract(OnnxModels, OnnxIntegers):
    """tract on the CPU, its default optimisations among what it does."""

    name = "tract"
    requires = ("tract", "onnx")
    refusals = (r"expected list of non-negative ints", r"Unknown DatumType", r"Unsupported mode wrap")
    known_divergences = known_tract.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "0.23.9"
    imports = ("import onnx", "import tract")
    loading = """\
onnx.save(model, "{folder}case.onnx")
runnable = tract.onnx().load("{folder}case.onnx").into_model().into_runnable()"""
    running = "runnable.run(list(inputs.values()))[0].to_numpy()"
