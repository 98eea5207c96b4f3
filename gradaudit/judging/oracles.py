"""Derivatives by other means, each with a bound on its own error. That bound is the tolerance.

Two unrelated oracles for each derivative:

- that of the question's own formulas, exactly, or in balls where there is an exp; what float64 may
  differ from it is bounded by a running error analysis of the reference;
- `scipy.optimize.approx_fprime` on the model in float64, a forward difference: its truncation is
  bounded by the curvature over the step, its rounding by that of the model divided by the step.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradaudit.judging.cases import Case
from gradaudit.judging.together import Together, kept
from gradaudit.language.balls import settle
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import (
    FIRST_PRECISION,
    ONE,
    ZERO,
    Dual,
    Seed,
    ends,
    object_array,
    precision,
)
from gradaudit.language.outcomes import CannotTell, Missing, present
from gradaudit.language.roundings import ALLOWED, UNIT, beside_errors, roundings_of, with_roundings
from gradaudit.questions.question import Asked
from gradaudit.questions.simple import KEPT, exact_float, floats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with a bound on how far float64 may honestly be from it, entry by entry."""

    value: Floats
    error: Floats


def floats_of(values: npt.NDArray[Any]) -> Floats:
    """Return the float64 values nearest to exact ones, balls or rationals."""
    with precision(FIRST_PRECISION):
        return np.array([float(arb(one).mid()) for one in values])


NEAR_ONE = (1 - 2 * UNIT, 1 - UNIT, 1.0, 1 + 2 * UNIT)
SCATTERS, SCATTERED = 8, 4  # how often a line is computed, and how much of it is allowed
MOST_NEIGHBOURS = 24  # directions in which two entries move together
SHRINK, TRIES = 8, 12  # of a step, until nothing that it passes is a kink, or much steeper


class Oracle:
    """What is known at an input, of all parts that a function returns: found out once, if asked."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @property
    def asked(self) -> list[Asked]:
        """The parts, in order."""
        assert self.case.call is not None
        return [self.case.question.parts[name] for name in self.case.call.parts]

    @cached_property
    def exact(self) -> npt.NDArray[Any]:
        """The exact derivatives (P,). Raises NoValue or CannotTell."""
        found = [
            _everywhere(one, self.case, truth)
            for one, truth in zip(self.asked, self._truths, strict=True)
        ]
        return np.concatenate([np.ravel(present(one)) for one in found])

    @cached_property
    def value(self) -> Floats:
        """The float64 values nearest to these."""
        return floats_of(self.exact)

    @cached_property
    def rounding(self) -> Floats:
        """One bound for each part: so often what one rounding does to an entry of the reference."""
        bounds = [self.part * float(np.max(error, initial=0.0)) for error in self._errors]
        counts = [_count(one, self.case) for one in self.asked]
        return np.concatenate([np.full(n, one) for n, one in zip(counts, bounds, strict=True)])

    @cached_property
    def reference(self) -> Floats:
        """The derivatives as plain NumPy computes the reference."""
        wide = [
            _everywhere(one, self.case, found)
            for one, found in zip(self.asked, self._closed, strict=True)
        ]
        return np.concatenate([np.ravel(one) for one in wide]).astype(float)

    @cached_property
    def spans(self) -> list[tuple[Floats, Floats, Floats]]:
        """For each part directions (D, P), with the least and the greatest slopes along them (D,).

        The first are those of its P entries; a slope is infinite if it is not known.
        """
        look_along([self.case])
        return list(vars(self)["spans"])

    @property
    def slopes(self) -> tuple[Floats, Floats]:
        """The least and the greatest slope (P,) at a kink; infinite if not known."""
        ends_ = [(low[: len(way)], high[: len(way)]) for (way, *_), low, high in self.spans]
        low, high = zip(*ends_, strict=True)
        return np.concatenate(low), np.concatenate(high)

    @cached_property
    def _truths(self) -> list[Any]:
        try:
            return [settle(partial_entries(one.truth, self.case)) for one in self.asked]
        except FormulaError as error:  # it takes too much at an input as large as this
            raise CannotTell(str(error)) from None

    @cached_property
    def _errors(self) -> list[Any]:
        return [self.case.in_floats(roundings_of(one.closed)) for one in self.asked]

    @cached_property
    def _closed(self) -> list[Any]:
        return [self.case.in_floats(beside_errors(one.closed)) for one in self.asked]

    @property
    def loss(self) -> float:
        """What the first part is the derivative of, its first entry."""
        return float(np.ravel(self.case.in_floats(self.asked[0].of))[0])

    @property
    def part(self) -> float:
        """The roundings that are allowed for."""
        return ALLOWED * UNIT

    @property
    def loss_rounding(self) -> float:
        """The roundings that are allowed for, of the loss."""
        return self.part * float(np.max(self.case.in_floats(roundings_of(self.asked[0].of))))

    @cached_property
    def difference(self) -> Estimate:
        """The derivatives by `scipy.optimize.approx_fprime`."""
        try:
            found: dict[str, tuple[Floats, Floats]] = {}
            for alike in _alike(self.asked):
                found |= difference(alike, self.case)
        except FormulaError:  # it takes too much at an input as large as this
            nothing = np.zeros_like(self.rounding)
            return Estimate(nothing, nothing + np.inf)
        both = [found[one.name] for one in self.asked]
        value, error = (np.concatenate(one) for one in zip(*both, strict=True))
        return Estimate(value, error + self.rounding)

    def own_rounding(self, found: Floats) -> Floats:
        """Return the rounding of a result that need not be right: of what is right, or of it."""
        return self.rounding + self.part * np.abs(found)

    @property
    def estimate(self) -> Estimate:
        """The derivatives, and what float64 may differ from them."""
        return Estimate(self.value, self.rounding)

    @cached_property
    def scatter(self) -> Floats:
        """How far the reference scatters, where all that its lines read is rounded.

        These are its closed lines, and the chain rule as it is taken of the model. As far may one
        be off that computes any of these, though the last line has no such roundings: by the
        largest entry, at most.
        """
        found = []
        for one in self.asked:
            lines = (*one.steps, one.truth)
            levels = [level for line in lines if (level := _scatter(line, self.case)) < np.inf]
            found.append(np.full(_count(one, self.case), SCATTERED * max(levels, default=0.0)))
        largest = float(np.max(np.abs(self.value), initial=0.0))
        return np.concatenate(found).clip(max=largest)


@lru_cache(maxsize=KEPT)
def oracle(case: Case) -> Oracle:
    """Return what is known of the derivatives at an input of a function."""
    return Oracle(case)


def _count(asked: Asked, case: Case) -> int:
    return int(np.prod([case.sizes[axis] for axis in asked.axes]))


def by_part(asked: Sequence[Asked], case: Case, numbers: Floats) -> Floats:
    """Return for each entry of all derivatives (P,) the largest number of its part."""
    ends_ = np.cumsum([_count(one, case) for one in asked])[:-1]
    parts = np.split(numbers, ends_)
    return np.concatenate([np.full(len(one), one.max(initial=0.0)) for one in parts])


def _raveled(
    asked: Asked, case: Case, letters: Sequence[str], shape: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Return for each entry of a derivative (P,) the place of some of its indices in an array."""
    free = asked.truth.scope.free
    grid = dict(zip(free, np.indices([case.sizes[one] for one in free.values()]), strict=True))
    found = np.zeros(_count(asked, case), dtype=np.int64)
    for letter, length in zip(letters, shape, strict=True):
        found = found * length + grid[letter].ravel()
    return found


def _places(asked: Asked, case: Case) -> npt.NDArray[np.int64]:
    """Return for each entry of a derivative (P,) which number it is taken by."""
    return _raveled(asked, case, asked.letters, np.shape(case.given[asked.by]))


def look_along(inputs: Sequence[Case]) -> None:
    """Find out at once the least and the greatest slopes of inputs of one function."""
    together = Together(inputs)
    for case in inputs:
        vars(oracle(case))["spans"] = []
    for asked in oracle(inputs[0]).asked:
        for key, cases in together.groups.items():
            ways = _directions(asked, cases[0])
            low, high = _along(asked, cases, ways, together.stacked(key))
            for case, *ends_ in zip(cases, low, high, strict=True):
                vars(oracle(case))["spans"].append((ways, *ends_))


def _directions(asked: Asked, case: Case) -> Floats:
    """Return directions (D, P): each entry alone, then all, and neighbours, so that they stay tied.

    In the last one, entries move to and fro: a vector that sums to 0 may be too long for a ball.
    Where it is not a number that is differentiated, they are the entries.
    """
    size = _count(asked, case)
    alone = np.eye(size)
    if asked.of.scope.free or size == 1:
        return alone
    pairs = (alone[:-1] + alone[1:])[: MOST_NEIGHBOURS if size > 2 else 0]
    return np.vstack([alone, np.ones(size), pairs, np.resize([1.0, -1.0], size)])


def _along(
    asked: Asked, cases: Sequence[Case], ways: Floats, values: dict[str, Any]
) -> npt.NDArray[np.float64]:
    """Return the least and the greatest slopes (2, N, D) of a number at inputs of the same sizes.

    values: of the inputs.
    """
    seed, of, number = Seed(1, len(ways), True), asked.of, values[asked.by]
    found = np.full((2, len(cases), len(ways)), np.inf)
    found[0] *= -1
    if of.scope.free:
        return found
    slopes = np.empty((*number.shape[:-1], 1), dtype=object)
    for place, column in zip(_places(asked, cases[0]), ways.T, strict=True):
        slopes.flat[place] = {
            way: ONE if column[way] > 0 else -ONE for way in np.flatnonzero(column).tolist()
        }
    moved = np.frompyfunc(lambda x, known: Dual(x, known, seed), 2, 1)(number, slopes)
    env = Env({**values, asked.by: moved}, cases[0].sizes, of.scope.defined, cases=len(cases))
    env.level = seed.level
    with precision(FIRST_PRECISION):
        try:
            for k, value in enumerate(env.entries(of.tree)):
                if not isinstance(value, Missing):
                    known = value.slopes if isinstance(value, Dual) else {}
                    both = [_ends(known.get(way, ZERO)) for way in range(len(ways))]
                    found[:, k] = np.transpose(both)
        except (Missing, FormulaError):
            for k, case in enumerate(cases if len(cases) > 1 else ()):
                alone = {name: value[..., k : k + 1] for name, value in values.items()}
                found[:, k : k + 1] = _along(asked, [case], ways, alone)
    return found


def _ends(slope: Any) -> tuple[float, float]:
    if isinstance(slope, Missing):
        return -np.inf, np.inf
    low, high = (float(arb(end).mid()) for end in ends(slope))
    return (low, high) if low <= high else (-np.inf, np.inf)  # a ball that is not finite


def foresee(inputs: Sequence[Case]) -> None:
    """Find out at once what will be asked of inputs of one function."""
    if not inputs:
        return
    together, known = Together(inputs), [oracle(case) for case in inputs]
    asked = known[0].asked
    for one in asked:
        together.keep(one.truth)
    found = {
        "_truths": [
            {case: v for case in inputs if (v := kept(case)[one.truth]) is not None}
            for one in asked
        ],
        "_errors": [dict(together.floats(roundings_of(one.closed))) for one in asked],
        "_closed": [dict(together.floats(beside_errors(one.closed))) for one in asked],
    }
    for case, its in zip(inputs, known, strict=True):
        for kind, values in found.items():
            if all(case in part for part in values):
                vars(its)[kind] = [part[case] for part in values]


def _scatter(line: Formula, case: Case) -> float:
    """Return how far the values of a line lie apart, with roundings by chance; nan for none."""
    given, random = case.question.given.values(), Random(0)
    floats_ = {one.name for one in given if not (one.within or one.among)}
    rounded, factors = with_roundings(line, frozenset(floats_ | line.scope.defined.keys()))
    scope, exactly = rounded.scope, "d" in line.names  # as float64 takes no derivative
    known = dict(case.env(line, floats_=not exactly).values)
    for name in factors:
        near = [random.choice(NEAR_ONE) for _ in range(SCATTERS)]
        exact = object_array(list(map(exact_float, near)), (SCATTERS,))
        known[name] = exact if exactly else np.array(near)
    env = Env(
        known,
        case.sizes,
        scope.defined,
        scope.free,
        floats=not exactly,
        cases=SCATTERS,
        varied=factors,
    )
    try:
        with np.errstate(all="ignore"), precision(FIRST_PRECISION):
            found = np.array(env.entries(rounded.tree))
            values = floats_of(present(found.ravel())) if exactly else found.astype(float)
    except (Missing, FormulaError, ZeroDivisionError):
        return np.nan
    return float(np.ptp(values.reshape(SCATTERS, -1), axis=0).max(initial=0.0))


def partial_entries(formula: Formula, case: Case) -> Any:
    """Return what evaluates a formula, again and again, at the precision in force."""
    env = case.env(formula)
    return lambda: env.entries(formula.tree)


def _everywhere(asked: Asked, case: Case, found: Any) -> npt.NDArray[Any]:
    """Return a value for each entry of a derivative."""
    shape = tuple(case.sizes[axis] for axis in asked.axes)
    return np.broadcast_to(np.array(found, dtype=object), shape)


def _alike(several: Sequence[Asked]) -> list[list[Asked]]:
    """Return parts together that are derivatives of one thing."""
    found: dict[Any, list[Asked]] = {}
    for asked in several:
        found.setdefault((asked.of.text, *asked.of.scope.free.items()), []).append(asked)
    return list(found.values())


class _Moved:
    """All numbers that one thing is differentiated by, and what is known where they are moved.

    entries: for each part what each of its entries (P,) is of, and which number it is by.
    """

    def __init__(self, parts: Sequence[Asked], case: Case) -> None:
        self.of, self.case = parts[0].of, case
        self.theta = np.zeros(0)
        self.starts: dict[str, int] = {}
        self.entries: dict[str, tuple[npt.NDArray[np.int64], ...]] = {}
        own = self.of.scope.free
        for one in parts:
            if one.by not in self.starts:
                self.starts[one.by] = len(self.theta)
                self.theta = np.append(self.theta, floats(case.given[one.by]))
            rows = _raveled(one, case, list(own), [case.sizes[axis] for axis in own.values()])
            self.entries[one.name] = rows, self.starts[one.by] + _places(one, case)

    def varied(self, formula: Formula, numbers: Any, *, floats_: bool = False) -> Env:
        """Return what a formula is evaluated with where these have several values (P, N)."""
        scope, values = formula.scope, dict(self.case.env(formula, floats_=floats_).values)
        for name, start in self.starts.items():
            shape = np.shape(values[name])
            values[name] = numbers[start : start + math.prod(shape)].reshape(*shape, -1)
        known = values, self.case.sizes, scope.defined, scope.free
        return Env(*known, floats=floats_, cases=numbers.shape[-1], varied=self.starts)

    def steps(self, noise: float) -> tuple[Floats, Floats]:
        """Return steps, and a bound on the curvature over each; infinite where none is known."""
        theta, everywhere = self.theta, np.arange(len(self.theta))
        at_point = self.curvature(np.zeros_like(theta), everywhere)
        most = np.maximum(1, np.abs(theta))
        steps = np.fmin(_balanced(noise, at_point, most), most)
        bends, wide = np.zeros_like(theta), everywhere
        for _ in range(TRIES):
            steps = (theta + steps) - theta  # what is really added
            bends[wide] = self.curvature(steps, wide)
            better = np.fmin(steps, _balanced(noise, bends, np.where(np.isfinite(bends), steps, 0)))
            wide = np.flatnonzero(better <= steps / SHRINK)
            if not wide.size:
                break
            better = steps = np.fmax(better, steps / SHRINK)
        return (theta + better) - theta, bends  # it is no steeper within a part of the step

    def curvature(self, steps: Floats, at: npt.NDArray[np.int64]) -> Floats:
        """Return bounds on how fast slopes change, wherever each number is in its step.

        at: which numbers.
        """
        inner, outer, theta = Seed(1, 1), Seed(2, 1), self.theta
        with precision(FIRST_PRECISION):
            numbers = np.tile(object_array(list(map(exact_float, theta)), (len(theta), 1)), len(at))
            for k, p in enumerate(at):
                box = Dual(_box(theta[p], steps[p]), {0: ONE}, inner)
                numbers[p, k] = Dual(box, {0: ONE}, outer)
            env = self.varied(self.of, numbers)
            env.level = outer.level
            try:
                found = env.entries(self.of.tree).reshape(len(at), -1)
            except (Missing, FormulaError, ZeroDivisionError):
                return np.full(len(at), np.inf)
            rows, places = map(np.concatenate, zip(*self.entries.values(), strict=True))
            asked = (found[k, rows[places == p]] for k, p in enumerate(at))
            return np.array([max(map(_steepness, one)) for one in asked])


def difference(parts: Sequence[Asked], case: Case) -> dict[str, tuple[Floats, Floats]]:
    """Return for each part forward differences (P,) of what all are of, with how far they are off.

    A step balances both kinds of error: that of the curvature, which is bounded over all that the
    step passes, and that of the rounding at both ends. What is not known is infinite.
    """
    from scipy.optimize import approx_fprime  # takes longer to import than all else

    moved = _Moved(parts, case)
    theta, of, error_of = moved.theta, moved.of, roundings_of(moved.of)
    step, bends = moved.steps(ALLOWED * UNIT * np.max(case.in_floats(error_of)))
    with np.errstate(all="ignore"):
        points = theta + np.vstack([np.zeros_like(theta), np.diag(step)])
        env = moved.varied(error_of, points.T, floats_=True)
        found = env.entries(of.tree), ALLOWED * UNIT * env.entries(error_of.tree)  # at all points
        values, noises = (one.reshape(len(points), -1) for one in found)
        known = {at.tobytes(): value for at, value in zip(points, values, strict=True)}
        none = values[0] * np.nan  # where a step is 0, and SciPy takes one of its own
        slopes = np.asarray(approx_fprime(theta, lambda at: known.get(at.tobytes(), none), step))
        here, far = noises[0][:, None], noises[1:].T
        error = step * bends / 2 + (here + far) / step
    slopes, result = slopes.reshape(-1, len(theta)), {}
    for name, entries in moved.entries.items():
        value, off = slopes[entries], error[entries]
        is_known = np.isfinite(value) & np.isfinite(off)
        result[name] = np.where(is_known, value, 0.0), np.where(is_known, off, np.inf)
    return result


def _balanced(noise: float, bends: Floats, otherwise: Floats) -> Floats:
    """Return the steps at which both kinds of error are equal, if there are any."""
    with np.errstate(all="ignore"):
        steps = 2 * np.sqrt(noise / bends)
    return np.where(np.isfinite(steps) & (steps > 0), steps, otherwise)


def _box(x: float, step: float) -> Any:
    if not step:
        return exact_float(x)
    middle = arb(exact_float(x)) + arb(exact_float(step)) / 2
    return middle + arb(0, step)  # twice as wide as need be


def _steepness(number: Any) -> float:
    """Return how steep the slope of a number is, at most."""
    for _ in range(2):
        if not isinstance(number, Missing):
            number = number.slopes.get(0, ZERO) if isinstance(number, Dual) else ZERO
    if isinstance(number, Missing):
        return np.inf
    bound = abs(arb(number))
    return float(bound.upper()) if bound.is_finite() else np.inf
