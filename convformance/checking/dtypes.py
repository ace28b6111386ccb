"""A function that takes one dtype alone: where float64 fails everywhere, or is misread, it is asked in that one."""

import re
from collections.abc import Callable
from dataclasses import replace

from convformance.checking.findings import WRONG, Findings
from convformance.checking.spec import CheckSpec
from convformance.checking.target import FunctionUnderTest
from convformance.judging import grades

USUAL = "float64"
_OTHERS = ("float32", "uint8")  # in the order in which they are tried
# What exceptions say that may be about a dtype; an assert may say nothing.
_ABOUT_A_DTYPE = re.compile(
    r"dtype|data type|typecode|\btypes?\b.*(array|argument)|float|double|single|precision|u?int(8|16|32)|byte"
    r"|cast|No matching definition|[Bb]uffer|format|AssertionError|astype|Float|Double|unsupported|not supported"
)
_MOST = 0.5  # of the answers are wrong where arrays are misread

Prepare = Callable[[CheckSpec], FunctionUnderTest]


def function_in_its_dtype(spec: CheckSpec, prepare: Prepare) -> FunctionUnderTest:
    """Return the function as ``prepare`` finds that it can be asked, in float32 or uint8 if float64 is refused always.

    Raises what ``prepare`` raises in float64 where no dtype helps.
    """
    try:
        function = prepare(spec)
    except ValueError as error:
        other = _in_another(spec, prepare, str(error))
        if other is None:
            raise
        return other
    if function.answers:
        return function
    return _in_another(spec, prepare, " ".join(error for _, error in function.tried)) or function


def _in_another(spec: CheckSpec, prepare: Prepare, errors: str) -> FunctionUnderTest | None:
    """Return the function in the first dtype that it answers in, None where there is none or errors ask for none."""
    if spec.dtype != USUAL or not _ABOUT_A_DTYPE.search(errors):
        return None
    for dtype in _OTHERS:
        try:
            function = prepare(replace(spec, dtype=dtype))
        except ValueError:
            continue
        if function.answers:
            return replace(function, only_dtype=dtype)
    return None


def is_misread(findings: Findings, returned: str, dtype: str) -> bool:
    """Whether most answers are wrong and all of them of another dtype, as where C takes every array for float32."""
    wrong = sum(each.verdict.grade == grades.WRONG for each in findings.verdicts)
    other = dtype == USUAL and returned == "float32"
    return other and findings.verdict == WRONG and wrong > _MOST * len(findings.verdicts)
