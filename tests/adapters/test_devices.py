"""What adapters say of a device that is no CPU, asked of frameworks that only look as if they had one."""

from types import SimpleNamespace
from typing import Any

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter
from convformance.adapters.jax import Jax
from convformance.adapters.tensorflow import Tensorflow
from convformance.adapters.torch import Torch


def on(adapter_class: type[Adapter], device: str, **framework: Any) -> Adapter:
    """Return an adapter whose framework, which need not be installed, is made by hand."""
    adapter = object.__new__(adapter_class)
    adapter.mode = {"device": device}
    for name, value in framework.items():
        setattr(adapter, name, value)
    return adapter


def torch_with_gpu(**internals: Any) -> Any:
    return SimpleNamespace(
        cuda=SimpleNamespace(get_device_name=lambda device: "NVIDIA H100", get_device_capability=lambda device: (9, 0)),
        version=SimpleNamespace(cuda="13.0"),
        backends=SimpleNamespace(cudnn=SimpleNamespace(version=lambda: 91400)),
        _C=SimpleNamespace(**internals),
    )


def test_torch_names_gpu_capability_driver_and_libraries() -> None:
    framework = torch_with_gpu(_cuda_getDriverVersion=lambda: 13020)
    assert on(Torch, "cuda:0", torch=framework).device_facts() == {
        "name": "NVIDIA H100",
        "capability": "9.0",
        "driver": "CUDA 13.2",
        "CUDA": "13.0",
        "cuDNN": "91400",
    }
    assert on(Torch, "cuda", torch=torch_with_gpu()).device_facts()["driver"] == ""
    assert on(Torch, "cpu", torch=framework).device_facts() == {}


def test_tensorflow_names_every_gpu_in_use() -> None:
    def framework(gpus: list[str]) -> Any:
        details = {"device_name": "NVIDIA H100", "compute_capability": (9, 0)}
        config = SimpleNamespace(
            get_visible_devices=lambda kind: gpus, experimental=SimpleNamespace(get_device_details=lambda gpu: details)
        )
        build = {"cuda_version": "12.5.1", "cudnn_version": "9"}
        return SimpleNamespace(config=config, sysconfig=SimpleNamespace(get_build_info=lambda: build))

    assert on(Tensorflow, "gpu", tf=framework(["a", "b"])).device_facts() == {
        "name": "NVIDIA H100, NVIDIA H100",
        "capability": "9.0",
        "CUDA": "12.5.1",
        "cuDNN": "9",
    }
    assert on(Tensorflow, "gpu", tf=framework([])).device_facts() == {}


def test_jax_names_a_device_that_is_no_cpu() -> None:
    def framework(platform: str) -> Any:
        client = SimpleNamespace(platform_version="PJRT C API\ncuda 13000")
        device = SimpleNamespace(platform=platform, device_kind="NVIDIA H100", compute_capability="9.0", client=client)
        return SimpleNamespace(devices=lambda: [device])

    assert on(Jax, "default", jax=framework("gpu")).device_facts() == {
        "name": "NVIDIA H100",
        "capability": "9.0",
        "driver": "PJRT C API cuda 13000",
    }
    assert on(Jax, "default", jax=framework("cpu")).device_facts() == {}


def test_on_the_cpu_no_framework_is_imported_for_it() -> None:
    for name in discovery.BUILT_IN:
        adapter_class = discovery.adapter_class(name)
        selection = discovery.Selection(adapter_class, adapter_class.complete_mode({}), name)
        assert selection.machine.device == {}
