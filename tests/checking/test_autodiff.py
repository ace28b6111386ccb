"""Gradients by automatic differentiation: a backward pass that somebody wrote is asked without being named."""

import json
import os
import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from convformance.checking import loading
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from tests.checking.test_people import PEOPLE, RIGHT, ROOT, first_mistake, said_of

GRADIENTS = ["conv_input_grad", "conv_filter_grad", "conv_bias_grad"]
WITH_GRADIENTS_THAT_ARE_RIGHT = (
    ("torch_backward.py:Layer", GRADIENTS),
    ("torch_backward.py:ConvFunction", GRADIENTS),
    ("torch_backward.py:strided_conv", GRADIENTS[:2]),
)
WITH_A_GRADIENT_THAT_IS_WRONG = (
    ("torch_backward.py:LayerUnturned", "conv_input_grad", "kernel-rotated"),
    ("torch_backward.py:LayerMean", "conv_filter_grad", "scaled"),
    ("torch_backward.py:ConvFunctionUnturned", "conv_input_grad", "kernel-rotated"),
    ("torch_backward.py:strided_conv_forgetful", "conv_filter_grad", "stride-ignored"),
    ("torch_backward.py:LayerWithoutBias", "conv_bias_grad", "constant-output"),
)


def document_of(target: str, *options: str) -> dict[str, Any]:
    """Return what the command line says as JSON, with time enough on any machine."""
    pytest.importorskip(target.partition("_")[0])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "convformance", "check", target, *options, "--seconds", "200", "--json"],
        cwd=PEOPLE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(("target", "gradients"), WITH_GRADIENTS_THAT_ARE_RIGHT)
def test_a_backward_pass_of_ones_own_is_asked_too(target: str, gradients: list[str]) -> None:
    document = document_of(target)
    assert document["verdict"] == "right", document
    assert document["operations"] == ["conv", *gradients]


@pytest.mark.parametrize(("target", "operation", "mistake"), WITH_A_GRADIENT_THAT_IS_WRONG)
def test_a_wrong_backward_pass_is_found_behind_a_right_forward_pass(target: str, operation: str, mistake: str) -> None:
    document = document_of(target)
    assert document["verdict"] == "not-right"
    named = [(each["operation"], each["name"]) for each in document["diagnoses"]]
    assert named[0] == (operation, mistake)
    assert {each for each, _ in named} == {operation}


@pytest.mark.parametrize("operation", ["conv_input_grad", "conv_filter_grad"])
def test_a_layer_of_the_librarys_own_backward_pass_has_gradients_where_they_are_named(operation: str) -> None:
    done = said_of("torch_backward.py:LayerByUnfold", f"--op {operation}")
    assert done.returncode == RIGHT, done.stdout + done.stderr
    assert done.stdout.startswith(f"gradient of LayerByUnfold as {operation} is right")


def test_a_layer_without_a_backward_pass_of_ones_own_is_asked_its_forward_pass_alone() -> None:
    assert document_of("torch_backward.py:LayerByUnfold")["operations"] == ["conv"]


def test_weights_that_are_cut_off_have_a_gradient_of_zero() -> None:
    done = said_of("torch_backward.py:LayerDetached", "--op conv_filter_grad")
    assert first_mistake(done) == "constant-output", done.stdout


@pytest.mark.parametrize(("name", "wrong"), [("conv", []), ("conv_unturned", ["conv_input_grad"])])
def test_a_backward_pass_for_jax_is_asked_too(name: str, wrong: list[str]) -> None:
    pytest.importorskip("jax")
    function = loading.target_of(f"{PEOPLE / 'jax_backward.py'}:{name}").function
    findings = run_check(CheckSpec(function, seconds=25), clock=count().__next__)  # of as many questions
    assert list(findings.operations) == ["conv", *GRADIENTS[:2]]
    assert [each for each in findings.operations if findings.wrong(each)] == wrong


def test_a_gradient_of_a_function_that_goes_forward_is_asked_through_its_library() -> None:
    done = said_of("torch_unfold.py:my_conv2d", "--op conv_filter_grad")
    assert done.returncode == RIGHT, done.stdout + done.stderr


def test_without_differentiation_a_layer_needs_a_backward_pass() -> None:
    done = said_of("layers.py:ConvSidesExchanged", "--op conv_input_grad")
    assert done.returncode == 2
    assert "has no method backward" in done.stderr
