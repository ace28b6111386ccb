"""Powers of two taken out of the operands: one for each image and each channel, so that every product of a sum has one.

Multiplying by a power of two rounds nothing. An operation on scaled operands is therefore the operation itself, scaled
element by element, whatever the order of its sums: numbers from the whole range of a type are brought to ordinary size.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem

# What the first two axes of an array run along: images, channels of the input in one group, channels of the output.
LETTERS = {"input": "ni", "filter": "oi", "output": "no"}


@dataclass(frozen=True)
class Axes:
    """The letters of an operation: what runs along the result from either operand, and what is summed.

    Of a single operand ``second`` is empty, as nothing is multiplied.
    """

    first: str
    second: str
    summed: str

    @classmethod
    def of(cls, operation: str) -> "Axes":
        """Return the letters of that operation."""
        operands = [LETTERS[role] for role in BY_NAME[operation].arrays]
        if len(operands) == 1:
            return cls("o", "", "n")
        first, second = operands
        (summed,) = set(first) & set(second)
        return cls(first.replace(summed, ""), second.replace(summed, ""), summed)


@dataclass(frozen=True)
class Exponents:
    """Exponents of powers of two along the letters; the second operand has minus those of the letter that is summed."""

    operation: str
    problem: Problem
    by_letter: Mapping[str, Array]

    def of_operands(self) -> tuple[Array, ...]:
        """Return the exponents of each operand, in a shape that broadcasts to it."""
        axes, roles = Axes.of(self.operation), BY_NAME[self.operation].arrays
        signs = (0,) if len(roles) == 1 else (1, -1)
        return tuple(self._of(role, {axes.summed: sign}) for role, sign in zip(roles, signs, strict=True))

    def of_result(self) -> Array:
        """Return the exponents of the result, in a shape that broadcasts to it."""
        role = BY_NAME[self.operation].result
        return self.by_letter["o"] if role == "bias" else self._of(role, {})

    def of_bias(self) -> Array:
        """Return the exponents of the bias that is added to the result, those of its first image."""
        exponents: Array = self.of_result()[0].ravel()
        return exponents

    def _of(self, role: str, signs: Mapping[str, int]) -> Array:
        rows, columns = (self.by_letter[letter] * signs.get(letter, 1) for letter in LETTERS[role])
        columns = np.tile(columns, self.problem.groups) if role == "input" else columns
        exponents: Array = (rows[:, None] + columns).reshape(-1, len(columns), *(1,) * self.problem.rank)
        return exponents


def sizes(problem: Problem) -> dict[str, int]:
    """Return how long each letter is."""
    return {"n": problem.batch, "i": problem.in_channels // problem.groups, "o": problem.out_channels}


def fitted(operation: str, problem: Problem, arrays: tuple[Array, ...]) -> Exponents:
    """Return exponents that bring the largest numbers of every image and channel below 1; operands in float64."""
    axes, roles = Axes.of(operation), BY_NAME[operation].arrays
    largest = [_largest(problem, role, array) for role, array in zip(roles, arrays, strict=True)]
    if not axes.second:
        exponents = {"o": _most(largest[0], 0), "n": np.zeros(problem.batch, np.int64)}
        return Exponents(operation, problem, exponents)
    for index, letter in enumerate((axes.first, axes.second)):  # the letter of the result first
        if LETTERS[roles[index]][0] != letter:
            largest[index] = largest[index].T
    balance = np.floor((np.fmax.reduce(largest[0], axis=0) - np.fmax.reduce(largest[1], axis=0)) / 2)
    first, second = _most(largest[0] - balance, 1), _most(largest[1] + balance, 1)
    # Where one operand holds zeros alone, the other may be of any size: it is brought below 1 as well.
    for beside_zeros in (np.fmin.reduce(second[:, None] - largest[1], axis=0), _most(largest[0] - first[:, None], 0)):
        balance = np.where(np.isnan(balance), beside_zeros, balance)
    balance = np.nan_to_num(balance).astype(np.int64)
    return Exponents(operation, problem, {axes.first: first, axes.second: second, axes.summed: balance})


def _largest(problem: Problem, role: str, array: Array) -> Array:
    """Return the exponent of the largest number for each pair of an array's letters, NaN where all are 0."""
    rows = len(array)
    groups = problem.groups if role == "input" else 1
    magnitude = np.abs(array).reshape(rows, groups, array.shape[1] // groups, -1).max(axis=(1, 3), initial=0.0)
    return np.where(magnitude > 0, np.frexp(magnitude)[1], np.nan)


def _most(exponents: Array, axis: int) -> Array:
    """Return the largest exponents along an axis, 0 where there are none."""
    largest: Array = np.nan_to_num(np.fmax.reduce(exponents, axis=axis)).astype(np.int64)
    return largest
