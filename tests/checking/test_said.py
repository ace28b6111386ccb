"""What is said of a function: how much was asked, refusals and form beside wrong numbers, calls that always fail."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.checking.findings import VERDICTS
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from convformance.checking.usage import UncallableError
from convformance.reference import conv
from convformance.reference.arrays import Array
from tests.checking.test_handwritten import convformance

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "check.schema.json").read_text(encoding="utf-8"))
AMPLE = 60.0
STRIDED_CALL = (
    *("--call", "lambda fn, x, w, problem: fn(x, w, one(problem.stride))"),
    *("--fixed", "padding=0", "--fixed", "dilation=1", "--fixed", "groups=1"),
)
HW, NCHW = {"layout": "HW"}, {"layout": "NCHW"}


def flat(image: Array, kernel: Array, **geometry: Any) -> Array:
    """The reference on single planes."""
    return conv(image[None, None], kernel[None, None], **geometry)[0, 0]


def turned(image: Array, kernel: Array) -> Array:
    return flat(image, kernel[::-1, ::-1])


def said(fn: Callable[..., Any], **options: Any) -> Any:
    return check(fn, layout="HW", seconds=AMPLE, **options)


def first_line(result: Any) -> str:
    return " ".join(str(result).split("\nNot asked")[0].split())


def test_the_first_line_says_how_much_was_asked_and_what_was_not_stands_below_it() -> None:
    result = said(flat)
    assert first_line(result) == f"flat as conv is right in the {len(result.verdicts)} questions asked"
    assert str(result).splitlines()[1].startswith("Not asked: stride, padding, dilation, groups")
    assert (result.verdict, result.ok) == ("right", True)


def test_questions_for_which_there_was_no_time_are_counted_and_said() -> None:
    ticks = itertools.count()
    findings = run_check(CheckSpec(flat, layout="HW", seconds=14.0), clock=lambda: float(next(ticks)))
    total = len(findings.verdicts) + findings.unasked
    assert findings.unasked > 0
    text = str(said(flat).__class__(findings))
    assert f"is right in the {len(findings.verdicts)} of {total} that 14 s allowed" in text
    assert f"{findings.unasked} larger questions" in text


def test_no_question_is_lost_to_explaining() -> None:
    right, wrong = said(flat), said(turned)
    assert len(wrong.verdicts) == len(right.verdicts)
    assert wrong.diagnosis[0].name == "kernel-rotated"
    assert wrong.diagnosis[0].explains == wrong.diagnosis[0].of == sum(each["finding"] for each in wrong.verdicts)


def raising(condition: Callable[[Array, Array], bool], error: Exception, fn: Callable[..., Any] = flat) -> Any:
    """Return a function that states what it does not take."""

    def stating(image: Array, kernel: Array) -> Array:
        if condition(image, kernel):
            raise error
        return fn(image, kernel)

    return stating


@pytest.mark.parametrize(
    ("condition", "phrase"),
    [
        (lambda x, w: w.shape[0] % 2 == 0 or w.shape[1] % 2 == 0, "even kernels"),
        (lambda x, w: w.shape[0] != w.shape[1], "rectangular kernels"),
        (lambda x, w: x.shape[0] != x.shape[1], "inputs whose sides differ"),
        (lambda x, w: w.shape != (3, 3), "kernels other than 3 x 3"),
        (lambda x, w: max(w.shape) > 3, "kernels with a side above 3"),
        (lambda x, w: x.shape[0] < 3, "inputs below 3 along H"),
    ],
    ids=["even", "rectangular", "inputs", "one-size", "large", "one-axis"],
)
def test_what_is_raised_under_one_condition_is_a_refusal(condition: Any, phrase: str) -> None:
    result = said(raising(condition, ValueError("not taken")))
    total, refused = len(result.verdicts), sum(each["grade"] == "refused" for each in result.verdicts)
    expected = f"is right where it answers ({total - refused} of {total}: refuses {phrase})"
    assert expected in first_line(result)
    assert (result.verdict, result.ok, result.diagnosis) == ("right-where-it-answers", True, [])
    assert "test_said.py, line" in str(result)
    assert "raise error" in str(result)


def test_refused_questions_are_in_no_count_and_in_no_condition() -> None:
    result = said(raising(lambda x, w: w.shape[0] != w.shape[1], ValueError("square ones only"), turned))
    refused = sum(each["grade"] == "refused" for each in result.verdicts)
    wrong = sum(each["finding"] for each in result.verdicts)
    total = len(result.verdicts) - refused
    assert refused > 0
    assert f"{wrong} of {total} questions were answered wrongly, {refused} refused" in first_line(result)
    assert (result.diagnosis[0].name, result.diagnosis[0].of, result.diagnosis[0].where) == (
        "kernel-rotated",
        wrong,
        "",
    )


def test_two_statements_are_two_refusals() -> None:
    def picky(image: Array, kernel: Array) -> Array:
        assert kernel.shape[0] == kernel.shape[1], "square"
        assert len(kernel) % 2, "odd"
        return flat(image, kernel)

    assert [refusal.condition for refusal in said(picky).refusals] == ["rectangular kernels", "even kernels"]


def test_an_accident_is_no_refusal() -> None:
    def stumbling(image: Array, kernel: Array) -> Array:
        image[0, kernel.shape[1] % 2 - 1 + image.shape[1] * (kernel.shape[0] != kernel.shape[1])]
        return flat(image, kernel)

    result = said(stumbling)
    assert (result.ok, list(result.refusals)) == (False, [])
    assert "raises" in str(result)


def test_an_accident_where_windows_lie_beside_the_data_is_a_refusal() -> None:
    def narrow(image: Array, kernel: Array) -> Array:
        room = np.zeros(image.shape)
        room[: kernel.shape[0], : kernel.shape[1]] = kernel  # raises where the kernel is wider
        wide = np.pad(image, [((size - 1) // 2, size // 2) for size in kernel.shape])
        return flat(wide, kernel)

    result = said(narrow, padding="same")
    assert [refusal.condition for refusal in result.refusals] == ["kernels wider than the input"]
    assert result.ok


def test_a_statement_that_no_condition_explains_is_no_refusal() -> None:
    result = said(raising(lambda x, w: int(abs(x).sum() * 1000) % 3 == 0, ValueError("bad luck")))
    assert not result.ok
    assert not result.refusals


def test_strict_lets_a_refusal_count() -> None:
    function = raising(lambda x, w: w.shape[0] != w.shape[1], NotImplementedError("square ones only"))
    assert said(function).ok
    strict = said(function, strict=True)
    assert (strict.ok, strict.verdict) == (False, "not-right")
    assert "were refused" in first_line(strict)


def test_what_only_the_call_refuses_leaves_a_function_right() -> None:
    from convformance import single_value

    result = check(
        lambda x, w, stride: conv(x, w, stride=stride),
        call=lambda fn, x, w, problem: fn(x, w, single_value(problem.stride)),
        padding=0,
        dilation=1,
        groups=1,
        seconds=AMPLE,
    )
    assert result.verdict == "right"
    assert any("that the call refused" in entry for entry in result.not_asked)


@pytest.mark.parametrize(
    ("form", "does"),
    [
        (lambda y: y.astype(np.float32), "returns float32"),
        (lambda y: y + 0j, "returns complex128"),
        (lambda y: y.ravel(), "returns 1 axis for 2"),
        (lambda y: y[None], "returns 3 axes for 2"),
        (lambda y: np.trunc(y).astype(int) if np.isfinite(y).all() else y, "returns int64, whole numbers"),
    ],
    ids=["float32", "complex", "flat", "batched", "integers"],
)
def test_numbers_are_compared_whatever_the_form_of_the_answer(form: Any, does: str) -> None:
    right = said(lambda image, kernel: form(flat(image, kernel)))
    assert (right.verdict, right.ok) == ("right-numbers-wrong-form", False)
    assert f"numbers right in all {len(right.verdicts)}; {does} (" in first_line(right)
    wrong = said(lambda image, kernel: form(turned(image, kernel)))
    assert wrong.verdict == "not-right"
    assert wrong.diagnosis[0].name == "kernel-rotated"
    assert does in first_line(wrong)


def test_a_function_that_only_prints_is_right_but_prints() -> None:
    def talking(image: Array, kernel: Array) -> Array:
        print("called")
        return flat(image, kernel)

    result = said(talking)
    total = len(result.verdicts)
    assert f"is right but prints ({total} of {total}): numbers right in all {total}" in first_line(result)


def test_a_changed_operand_does_not_hide_wrong_numbers() -> None:
    def greedy(image: Array, kernel: Array) -> Array:
        result = turned(image, kernel)
        image += 1
        return result

    names = [diagnosis.name for diagnosis in said(greedy).diagnosis]
    assert names == ["kernel-rotated", "operand-changed"]


def test_a_fast_algorithm_is_right_unless_more_is_asked_for() -> None:
    def spectral(image: Array, kernel: Array) -> Array:
        shape = [a + b - 1 for a, b in zip(image.shape, kernel.shape, strict=True)]
        product = np.fft.rfft2(image, shape) * np.fft.rfft2(kernel[::-1, ::-1], shape)
        return np.fft.irfft2(product, shape)[kernel.shape[0] - 1 : len(image), kernel.shape[1] - 1 : image.shape[1]]

    result = said(spectral)
    assert (result.ok, result.verdict) == (True, "right-as-fast-algorithm")
    assert "is right, with the accuracy of a fast algorithm, in the" in first_line(result)
    assert not said(spectral, grade="conformant").ok


def test_remarks_on_nan_stand_behind_wrong_numbers() -> None:
    result = said(lambda image, kernel: np.nan_to_num(turned(image, kernel), posinf=0.0, neginf=0.0))
    assert result.diagnosis[0].name == "kernel-rotated"
    assert not any(diagnosis.name.startswith("nan-") for diagnosis in result.diagnosis)
    assert not any("NaN" in remark for remark in result.remarks)


def test_chance_stands_behind_what_reproduces_numbers() -> None:
    calls = itertools.count()

    def unsteady(image: Array, kernel: Array) -> Array:
        return turned(image, kernel) + (image.size > 40) * (next(calls) % 2)

    names = [diagnosis.name for diagnosis in said(unsteady).diagnosis]
    assert names[0] == "kernel-rotated"


def test_a_parameter_that_nobody_knows_is_said_to_stay_at_its_default() -> None:
    result = said(lambda image, kernel, wobble=3: flat(image, kernel))
    assert any("wobble (not known, left at its default: --fixed wobble=VALUE" in entry for entry in result.not_asked)


def test_a_size_of_the_input_hints_at_a_padding_that_was_not_said() -> None:
    result = said(lambda image, kernel: flat(image, kernel, padding="same_upper"))
    assert any("--padding same" in hint for hint in result.findings.hints)
    assert not said(turned).findings.hints


@pytest.mark.parametrize(
    ("fn", "options", "causes", "suggested"),
    [
        (lambda image, kernel: None, {"layout": "HW"}, ["nothing"], {}),
        (lambda image, kernel: undefined, {"layout": "HW"}, [], {}),  # type: ignore[name-defined]  # noqa: F821
        (lambda image, kernel: flat(image, kernel) if image.ndim == 2 else _refuse(image), NCHW, ["layout"], HW),
        (lambda image, kernel: turned(image, kernel) if image.ndim == 2 else _refuse(image), NCHW, ["layout"], HW),
        (lambda x, w: np.convolve(x, w[::-1], "valid"), NCHW, ["layout"], {"layout": "W"}),
        (
            lambda x, w: (
                conv(x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)).transpose(0, 2, 3, 1)[
                    :, : x.shape[1], : x.shape[2], : {3: 0}.get(x.ndim)
                ]
                if x.ndim == 4 and w.shape[2] == x.shape[3]
                else _refuse(x)
            ),
            {"layout": "NHW"},
            ["layout"],
            {"layout": "NHWC", "filter_layout": "HWIO"},
        ),
    ],
    ids=["nothing", "name", "planes", "wrong-planes", "vectors", "channels"],
)
def test_a_call_that_always_fails_is_no_verdict_and_says_what_may_help(
    fn: Any, options: dict[str, Any], causes: list[str], suggested: dict[str, Any]
) -> None:
    with pytest.raises(UncallableError, match="no verdict on the code") as raised:
        check(fn, seconds=AMPLE, **options)
    assert raised.value.causes[:1] == causes
    assert raised.value.options == suggested


def _refuse(x: Array) -> Array:
    raise IndexError(f"too many indices for array: array is {x.ndim}-dimensional")


def sums_of_windows(x: Array, w: Array) -> Array:
    return np.array([(x[i : i + len(w)] * w).sum() for i in range(len(x) - len(w) + 1)])


def test_every_answer_of_other_axes_says_what_was_given() -> None:
    with pytest.raises(
        UncallableError, match=r"arrays of 4 axes \(NCHW, filters OIHW\) were given; --layout"
    ) as raised:
        check(sums_of_windows, layout="NCHW", seconds=AMPLE)
    assert raised.value.options == {"layout": "W"}


def test_tensors_that_are_wanted_are_named_with_the_call() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    namespace = {"torch": torch}
    exec("def layer(x, w):\n    return torch.conv2d(x, w)\n", namespace)
    with pytest.raises(UncallableError, match="it may want tensors") as raised:
        check(namespace["layer"], arrays="numpy", seconds=AMPLE)  # type: ignore[arg-type]
    assert raised.value.options["call"] == "lambda fn, x, w, problem: fn(torch.from_numpy(x), torch.from_numpy(w))"


def elsewhere(x: Array, w: Array, stride: int = 1, padding: int = 0) -> Array:
    """Computes nothing but the size of its result, and fails as a kernel does whose device is another."""
    sides = ((size + 2 * padding - kernel) // stride + 1 for size, kernel in zip(x.shape[2:], w.shape[2:], strict=True))
    y = np.empty((len(x), len(w), *sides))
    if y.size:
        raise ValueError("Pointer argument (at 0) cannot be accessed from here (cpu tensor?)")
    return y


def test_an_empty_array_is_no_answer_that_tells_the_layout() -> None:
    with pytest.raises(UncallableError, match=r"no verdict on the code.*on another device") as raised:
        check(elsewhere, seconds=AMPLE)
    assert raised.value.causes == ["device"]
    assert raised.value.options == {"device": "cuda"}


def test_each_operation_that_is_wrong_has_its_smallest_case() -> None:
    done = convformance("said.py:gradients", "--returns", "conv_input_grad,conv_bias_grad")
    assert done.returncode == 1
    assert "Smallest failing case of conv_input_grad: gradients(dy, x, w, stride=2)" in done.stdout
    assert "Smallest failing case of conv_bias_grad" in done.stdout
    assert "conv_bias_grad: right in all" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("odd_only", "--layout", "HW", "--padding", "same"), 4, ("right where it answers", "refuses even kernels")),
        (("odd_only", "--layout", "HW", "--padding", "same", "--strict"), 1, ("not right",)),
        (
            ("clamped_float32", "--layout", "HW", "--padding", "same"),
            1,
            ("edge-padding-for-zero", "wrong-dtype", "returns float32", "--dtype float32"),
        ),
        (
            ("strided", *STRIDED_CALL),
            1,
            ("call(fn, x, w, problem), stride 2", "refused"),
        ),
        (("vectors", "--layout", "NCHW"), 2, ("check said.py:vectors --layout W",)),
        (("planes", "--layout", "NCHW"), 2, ("check said.py:planes --layout HW",)),
        (
            ("with_options",),
            2,
            (
                "convformance check said.py:with_options",
                "--call 'lambda fn, x, w, bias, problem: fn(x=x, w=w, b=bias, options={",
                "--fixed dilation=1 --fixed groups=1",
            ),
        ),
    ],
    ids=["refuses", "strict", "dtype", "geometry", "vectors", "planes", "options"],
)
def test_the_command_line_says_it_with_its_status(
    arguments: tuple[str, ...], status: int, says: tuple[str, ...]
) -> None:
    target, *options = arguments
    done = convformance(f"said.py:{target}", *options)
    assert done.returncode == status, done.stdout + done.stderr
    output = " ".join((done.stderr if status == 2 else done.stdout).split())
    for text in says:
        assert text in output


def test_a_wrong_function_of_ordinary_speed_is_asked_everything() -> None:
    done = convformance("said.py:centred", "--layout", "HW", "--padding", "same", "--json")
    result = json.loads(done.stdout)
    assert (result["counts"]["without_time"], result["verdict"], done.returncode) == (0, "not-right", 1)


def conforms(value: Any, schema: dict[str, Any]) -> list[str]:
    """Return where ``value`` does not conform to that part of JSON Schema that ours uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    faults = []
    kind = kinds.get(schema.get("type", ""))
    if kind and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        return [f"{value!r} is no {schema['type']}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        faults.append(f"{value!r} is not allowed")
    if isinstance(value, list) and "items" in schema:
        faults += [fault for entry in value for fault in conforms(entry, schema["items"])]
    if isinstance(value, dict):
        faults += [f"{name} is missing" for name in schema.get("required", ()) if name not in value]
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        faults += [fault for name, entry in value.items() for fault in conforms(entry, properties.get(name, others))]
    if "if" in schema:
        faults += conforms(value, schema["else" if conforms(value, schema["if"]) else "then"])
    return faults


def test_results_conform_to_the_published_schema() -> None:
    functions = {
        "right": flat,
        "right-where-it-answers": raising(lambda x, w: w.shape[0] != w.shape[1], ValueError("square ones only")),
        "right-numbers-wrong-form": lambda image, kernel: flat(image, kernel).astype(np.float32),
        "not-right": lambda image, kernel: turned(image, kernel) * np.nan,
    }
    for verdict, function in functions.items():
        result = said(function).to_dict()
        assert (result["verdict"], conforms(result, SCHEMA)) == (verdict, [])
        json.dumps(result, allow_nan=False)
    assert set(SCHEMA["properties"]["verdict"]["enum"]) == {*VERDICTS, "usage-error"}


def test_a_result_that_does_not_conform_is_noticed() -> None:
    result = said(flat).to_dict()
    assert conforms({**result, "verdict": "fine"}, SCHEMA)
    assert conforms({**result, "counts": {}}, SCHEMA)
    assert conforms({**result, "remarks": [1]}, SCHEMA)


def test_the_command_line_prints_the_same_as_the_library_returns() -> None:
    printed = json.loads(convformance("true_convolution.py:conv2d", "--layout", "HW", "--json").stdout)
    assert conforms(printed, SCHEMA) == []
    assert (printed["exit_status"], printed["diagnoses"][0]["name"]) == (1, "kernel-rotated")
    assert printed["diagnoses"][0]["remedy"]
    assert printed["smallest_cases"][0]["difference"] == [[1]]
    assert printed["environment"]["versions"]["numpy"] == np.__version__


def test_what_cannot_be_asked_is_json_too() -> None:
    done = convformance("said.py:vectors", "--layout", "NCHW", "--json")
    printed = json.loads(done.stdout)
    assert (done.returncode, printed["verdict"], conforms(printed, SCHEMA)) == (2, "usage-error", [])
    assert printed["command"] == "convformance check said.py:vectors --layout W --seconds 60"
