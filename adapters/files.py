"""Arrays in files: NumPy's .npy and .npz, .safetensors, and .pt where torch is there to read it."""

import json
import zipfile
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from convformance.adapters.bits import BFLOAT16, from_bits
from convformance.reference.arrays import Array

Arrays = Mapping[str, Any]  # by name; "" in a file that holds a single array without one

_LONGEST_HEADER = 100_000_000
# The types of the safetensors format.
_SAFETENSORS: dict[str, "np.dtype[Any]"] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16,
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    **{f"{kind}{8 * size}": np.dtype(f"<{kind.lower()}{size}") for kind in "IU" for size in (1, 2, 4, 8)},
}


def read_array(text: str) -> Any:
    """Return the array that ``FILE`` holds, or the one of several that ``FILE:NAME`` names.

    Raises ValueError for what cannot be read, naming what is there.
    """
    path, name = _parted(text)
    arrays = read_arrays(path)
    if name in arrays:
        return arrays[name]
    if not name and len(arrays) == 1:
        return next(iter(arrays.values()))
    wanted = f"no array {name!r}" if name else f"{len(arrays)} arrays"
    raise ValueError(f"{path} holds {wanted}; allowed: {path}:NAME with one of {', '.join(arrays)}")


def read_arrays(path: str) -> Arrays:
    """Return every array of a file, by name; raises ValueError for a file that cannot be read."""
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise ValueError(f"{path}: the ending says no format; allowed: {', '.join(_READERS)}")
    if not file.is_file():
        raise ValueError(f"the file {path} does not exist")
    try:
        return reader(file)
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _parted(text: str) -> tuple[str, str]:
    """Return the path and the name behind its last colon; a path may have colons of its own."""
    path, colon, name = text.rpartition(":")
    return (path, name) if colon and not Path(text).is_file() and Path(path).suffix else (text, "")


def _npy(file: Path) -> Arrays:
    return {"": _with_type(np.load(file, allow_pickle=False))}


def _npz(file: Path) -> Arrays:
    with np.load(file, allow_pickle=False) as arrays:
        return {name: _with_type(arrays[name]) for name in arrays.files}


def _with_type(array: Array) -> Array:
    """Return an array of two bytes without a type as the bfloat16 that it is: NumPy's files cannot name it."""
    return from_bits(array) if array.dtype.kind == "V" and array.dtype.itemsize == 2 else array


def _safetensors(file: Path) -> Arrays:
    """Return the tensors of a file: the length of its header in 8 bytes, the header in JSON, then raw numbers."""
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(_LONGEST_HEADER, len(content) - 8):
        raise ValueError("its header is longer than the file")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    return {name: _tensor(name, entry, content[8 + length :]) for name, entry in header.items()}


def _tensor(name: str, entry: Mapping[str, Any], numbers: bytes) -> Array:
    if entry["dtype"] not in _SAFETENSORS:
        raise ValueError(f"{name} has type {entry['dtype']}; allowed: {', '.join(_SAFETENSORS)}")
    dtype, shape, (start, end) = _SAFETENSORS[entry["dtype"]], entry["shape"], entry["data_offsets"]
    if not 0 <= start <= end <= len(numbers) or end - start != prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} has {end - start} bytes for shape {tuple(shape)}")
    return np.frombuffer(numbers[start:end], dtype).reshape(shape)


def _torch(file: Path) -> Arrays:
    """Return the tensors of a file that ``torch.save`` wrote; nothing in it is run."""
    try:
        import torch
    except ImportError as error:
        raise ValueError("torch, which is not installed, reads such files") from error
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of what kind depends on what the file holds
        raise ValueError(str(error).split("\n", maxsplit=1)[0]) from error
    return content if isinstance(content, dict) else {"": content}


_READERS: dict[str, Callable[[Path], Arrays]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".pt": _torch,
    ".pth": _torch,
}
