"""What a user may have forgotten to say, as far as the answers show it."""

from collections.abc import Sequence

from convformance.checking.questions import Question
from convformance.checking.spec import INTEGERS
from convformance.checking.target import FunctionUnderTest
from convformance.judging.grades import INACCURATE
from convformance.judging.hypotheses.padding import ALL_BEFORE, ODD_BEFORE
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem
from convformance.test_cases.case import DTYPES

_ODD = 3  # the side of the kernels that a layer for odd ones is asked with
_SAME_SIZE = 3  # answers of the input's size that suggest a padding that was not said


def hints(function: FunctionUnderTest, questions: Sequence[Question]) -> list[str]:
    """Return what the user may have forgotten to say: a padding that the function builds in, the dtype it returns."""
    said = []
    capabilities = function.capabilities
    own_padding = not capabilities.signature.has("padding")
    if own_padding and "padding" not in capabilities.stated and _has_input_size(questions):
        meant = "causal" if _looks_back(questions) else "same"
        said.append(f"the result has the size of the image: if that is meant, say --padding {meant}")
    elif own_padding and "kernel_size" not in function.spec.fixed and _pads_half_a_kernel(questions):
        kernels = f"--fixed kernel_size={_ODD} --fixed padding={_ODD // 2}"
        said.append(f"it pads kernel // 2 on both sides: if that is meant, for odd kernels, say {kernels}")
    if _is_centred_otherwise(questions) and own_padding:
        said.append("if SAME with the odd element at the start is meant, as SciPy centres, say --padding same_lower")
    returned = {question.returned_dtype for question in questions if question.is_answered}
    if len(returned) == 1 and (dtype := returned.pop()) in (*DTYPES, *INTEGERS) and dtype != function.spec.dtype:
        said.append(f"it returns {dtype} always: ask with --dtype {dtype} if that is meant")
    inexact = [each for each in questions if each.judgement.grade in INACCURATE and each.is_wrong]
    if inexact and len(inexact) == sum(each.is_wrong for each in questions):
        said.append('where a fast algorithm is meant (an FFT, Winograd), say grade="norm-wise"')
    return said


def _is_centred_otherwise(questions: Sequence[Question]) -> bool:
    """Whether every wrong answer that was looked into is that of the other SAME."""
    looked = [question for question in questions if question.is_wrong and question.looked]
    return bool(looked) and all("same-lower-for-upper" in {match.name for match in each.matches} for each in looked)


def _looks_back(questions: Sequence[Question]) -> bool:
    """Whether every answer that was looked into is that of a padding before the data alone, along a single axis."""
    looked = [question for question in questions if question.is_wrong and question.looked and question.matches]
    details = [{match.detail for match in each.matches} for each in looked if each.case.problem.rank == 1]
    before = [each & {ALL_BEFORE, ODD_BEFORE} for each in details]
    return len(before) == len(looked) and all(before) and any(ALL_BEFORE in each for each in before)


def _has_input_size(questions: Sequence[Question]) -> bool:
    """Whether every result of a convolution has the size of the input, though that is another size than asked for."""
    sizes = _sizes(questions)
    other = [problem for _, problem in sizes if problem.input_size != problem.output_size]
    return len(other) >= _SAME_SIZE and all(size == problem.input_size for size, problem in sizes)


def _pads_half_a_kernel(questions: Sequence[Question]) -> bool:
    """Whether every result has the size that kernel // 2 on both sides gives, some of them not that of the input."""
    sizes = _sizes(questions)
    other = [size for size, problem in sizes if size != problem.input_size]
    return len(other) >= _SAME_SIZE and all(size == _size_of_half(problem) for size, problem in sizes)


def _size_of_half(problem: Problem) -> Size:
    axes = zip(problem.input_size, problem.kernel_size, problem.effective_kernel, problem.stride, strict=True)
    return tuple((size + kernel // 2 * 2 - extent) // stride + 1 for size, kernel, extent, stride in axes)


def _sizes(questions: Sequence[Question]) -> list[tuple[Size, Problem]]:
    """Return the sizes of the results of a convolution, each with what was asked."""
    answered = [each for each in questions if each.operation == "conv" and each.answers]
    return [(each.answers[0].value.shape[2:], each.case.problem) for each in answered]
