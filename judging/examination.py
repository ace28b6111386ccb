"""An examination: the trials that judge one operation on one problem in one dtype, made once for all routes."""

from collections.abc import Callable, Sequence

from convformance.judging.bounds import Operands, Trial, fills_of, prepare
from convformance.judging.formats import Format, Precision, default_accumulator, format_of, result_format
from convformance.reference.following import normalises
from convformance.reference.problem import Problem

# (name of the fill, accumulator or None for the default one, inputs or None for those of the dtype)
Data = Callable[[str, str | None, str | None], Operands]


class BrokenFill(Exception):
    """The suite's own data is at fault: an exact fill has partial sums that the accumulator cannot hold."""


def narrower_formats(precision: Precision, default: Format) -> tuple[str | None, str | None]:
    """Return the accumulator and the inputs that a fill is made for, None where they are no narrower than usual."""
    is_narrower = precision.accumulator.digits < default.digits
    return precision.accumulator.name if is_narrower else None, precision.inputs.name if precision.inputs else None


class Examination:
    """The trials of ``operation`` on ``problem`` in ``dtype``.

    ``data(fill, accumulator, inputs)`` gives the operands. ``accumulator`` names the expected one, where that is not
    float64 for float64 and float32 for the others. ``special`` says that the operands hold NaN or Inf, ``rounds`` that
    one of them is fixed at numbers whose sums round, so that no fill is exact. ``fills`` are those
    that every question is asked on, unless they are named. ``bias_after`` says that the bias is expected to be added to
    a result that was rounded before. Raises ValueError for a dtype or an accumulator that does not exist.
    """

    def __init__(
        self,
        operation: str,
        problem: Problem,
        dtype: str,
        data: Data,
        *,
        special: bool = False,
        rounds: bool = False,
        fills: tuple[str, ...] | None = None,
        accumulator: str | None = None,
        bias_after: bool = False,
    ) -> None:
        self.operation, self.problem, self.special = operation, problem, special
        self.rounds = rounds or normalises(problem.then)
        self.default = default_accumulator(dtype)
        sums = format_of(accumulator) if accumulator else self.default
        self.expected = Precision(sums, result_format(dtype), bias_after=bias_after)
        self.fills = fills_of(operation, of_integers=self.expected.result.is_integer) if fills is None else fills
        self.shape = problem.result_shape(operation)
        self._data = data
        self._trials: dict[tuple[str, str | None, str | None], Trial] = {}

    def trial(self, name: str, precision: Precision | None = None) -> Trial:
        """Return the trial on a fill by its name; exact fills are exact in ``precision``, by default the expected."""
        wanted = precision or self.expected
        formats = narrower_formats(wanted, self.default)
        if (name, *formats) not in self._trials:
            self._add([name] if any(formats) else self._asked_with(name), wanted, formats)
        return self._trials[name, *formats]

    def _asked_with(self, name: str) -> Sequence[str]:
        """Return the fills that are prepared with one: all, as each will be asked; with NaN or Inf the first may do."""
        if not self.special:
            return self.fills
        return self.fills[:1] if name == self.fills[0] else self.fills[1:]

    def _add(self, names: Sequence[str], precision: Precision, formats: tuple[str | None, str | None]) -> None:
        """Add trials: those of the expected precision all at once, as each of them will be asked."""
        trials = [
            Trial(
                self.operation,
                self.problem,
                name,
                self._data(name, *formats),
                self.expected,
                rounds=self.rounds,
            )
            for name in names
        ]
        prepare(trials)
        for trial in trials:
            self._check(trial, precision)
            self._trials[trial.name, *formats] = trial

    def _check(self, trial: Trial, precision: Precision) -> None:
        """Check that an exact fill is one: ``max A <= 2**digits * quantum``, raising BrokenFill where it is not."""
        if not trial.exact:
            return
        digits = min(precision.accumulator.digits, self.default.digits)
        largest = float(trial.A.max(initial=0.0))
        if largest <= 2.0**digits and trial.is_integral:
            return
        limit = 2.0**digits * trial.quantum
        if largest > limit:
            where = f"fill {trial.name} of {self.operation} in {precision.result.name}"
            raise BrokenFill(f"{where}: sums reach {largest:g}; allowed: {limit:g}, what {digits} digits hold exactly")
