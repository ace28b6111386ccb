"""What a user may have forgotten to say, as far as the answers show it."""

from collections.abc import Sequence

from convformance.checking.questions import Question
from convformance.checking.spec import INTEGERS
from convformance.checking.target import FunctionUnderTest
from convformance.judging.grades import INACCURATE
from convformance.test_cases.case import DTYPES

_SAME_SIZE = 3  # answers of the input's size that suggest a padding that was not said


def hints(function: FunctionUnderTest, questions: Sequence[Question]) -> list[str]:
    """Return what the user may have forgotten to say: a padding that the function builds in, the dtype it returns."""
    said = []
    capabilities = function.capabilities
    if (
        "padding" not in capabilities.stated
        and not capabilities.signature.has("padding")
        and _has_input_size(questions)
    ):
        said.append("the result has the size of the image: if that is meant, say --padding same")
    if _is_centred_otherwise(questions) and not capabilities.signature.has("padding"):
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


def _has_input_size(questions: Sequence[Question]) -> bool:
    """Whether every result of a convolution has the size of the input, though that is another size than asked for."""
    answered = [each for each in questions if each.operation == "conv" and each.answers]
    sizes = [(each.answers[0].value.shape[2:], each.case.problem) for each in answered]
    other = [problem for _, problem in sizes if problem.input_size != problem.output_size]
    return len(other) >= _SAME_SIZE and all(size == problem.input_size for size, problem in sizes)
