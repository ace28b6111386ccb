"""Functions and layers on the arrays of each framework, called as their authors would call them.

A framework that is not installed skips its own.
"""

import pytest

from tests.checking.test_handwritten import Expected, convformance

NHWC = ("--layout", "NHWC", "--filter-layout", "HWIO")
BACKWARD = ("--returns", "conv_input_grad,conv_filter_grad")
W = ("--layout", "W", "--seconds", "2")

EXPECTED = {
    "torch": (
        Expected("with_torch.py:unfolded", (), 0, ("is right", "arrays of torch")),
        Expected("with_torch.py:unfolded", ("--dtype", "bfloat16"), 0, ("bfloat16", "arrays of torch")),
        Expected("with_torch.py:padded_at_need", (), 0, ("arrays of torch",)),
        Expected("with_torch.py:from_arrays", (), 0, ("is right",)),
        Expected("with_torch.py:backward", BACKWARD, 0, ("conv_filter_grad: right in all", "arrays of torch")),
        Expected("with_torch.py:strideless", (), 1, ("stride-ignored",)),
        Expected("with_torch.py:Layer", (), 0, ("is right", "arrays of torch")),
        Expected("with_torch.py:Doubled", (), 1, ("scaled by 2",)),
        Expected("with_torch.py:Function", (), 0, ("is right",)),
        Expected("with_torch.py:Function.forward", (), 0, ("is right",)),
        Expected("with_torch.py:layer", (), 0, ("groups 2", "stride (2, 1)", "kernel_size (3, 2)")),
        Expected(
            "with_torch.py:transposed", ("--op", "conv_transpose"), 0, ("in_channels 6", "out_channels 4", "groups 2")
        ),
        Expected("with_tensor_methods.py:unfolded", (), 0, ("arrays of torch",)),
        Expected("with_torch.py:unfolded", ("--device", "no_such_device"), 2, ("on device 'no_such_device'",)),
    ),
    "jax": (
        Expected("with_jax.py:product", W, 0, ("is right", "arrays of jax", "jax_enable_x64")),
        Expected("with_jax.py:turned", W, 1, ("kernel-rotated", "arrays of jax")),
    ),
    "tensorflow": (
        Expected("with_tensorflow.py:conv2d", NHWC, 0, ("is right", "arrays of tensorflow")),
        Expected("with_tensorflow.py:Layer", NHWC, 0, ("is right", "arrays of tensorflow")),
        Expected("with_tensorflow.py:Built", NHWC, 0, ("is right", "arrays of tensorflow")),
    ),
}


@pytest.mark.parametrize(
    ("framework", "expected"),
    [pytest.param(name, each, id=f"{name}-{each}") for name, every in EXPECTED.items() for each in every],
)
def test_the_arrays_of_a_framework_are_asked(framework: str, expected: Expected) -> None:
    pytest.importorskip(framework, exc_type=ImportError)
    done = convformance(expected.target, *expected.options)
    assert done.returncode == expected.status, done.stdout + done.stderr
    output = " ".join((done.stderr if expected.status == 2 else done.stdout).split())
    assert all(text in output for text in expected.says), output
    assert "convformance/checking" not in done.stderr, "no warning comes from the check itself"
