"""The names of the dtypes that questions are asked in, and what the operands and the result of each are stored in.

Integers are summed in int32. A name such as ``uint8xint8`` says that the first operand is uint8 and the second int8.
"""

from collections.abc import Sequence

FLOATS = ("float64", "float32", "float16", "bfloat16")
INTEGERS = ("int8", "uint8", "int8xuint8", "uint8xint8", "int32")
COMPLEX = ("complex128", "complex64")
ALL_DTYPES = (*FLOATS, *INTEGERS, *COMPLEX)

_SUMMED_IN = "int32"


def operand_dtypes(dtype: str) -> tuple[str, str]:
    """Return the names of the dtypes of the first and of the second operand."""
    first, _, second = dtype.partition("x") if dtype in INTEGERS else (dtype, "", "")
    return first, second or first


def result_dtype(dtype: str) -> str:
    """Return the name of the dtype of the result: int32 of integers, else that of the operands."""
    return _SUMMED_IN if dtype in INTEGERS else dtype


def dtype_of(names: Sequence[str]) -> str:
    """Return the name of a question whose operands have dtypes of these names."""
    return "x".join(dict.fromkeys(names))
