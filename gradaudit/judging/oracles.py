"""Derivatives by other means, each with a bound on its own error. That bound is the tolerance.

Two unrelated oracles for each gradient:

- the derivative of the question's own formulas, in exact rationals, or in balls where there is
  an exp; what float64 may differ from it is bounded by the rounding of its sums;
- `scipy.optimize.approx_fprime` on the float64 loss, a forward difference: its truncation is
  bounded by the second derivative, its rounding by the size of the loss divided by the step.

Rounding scales with the sum of the absolute values of the terms that are added, not with the
result: this sum is called the magnitude.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gradaudit.judging import cases
from gradaudit.judging.together import Together
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
from gradaudit.language.outcomes import Missing, present
from gradaudit.language.roundings import ALLOWED, UNIT, roundings_of
from gradaudit.questions.assignment import NETWORK, SOFTMAX
from gradaudit.questions.inputs import KEPT, Case, Logits, Network, exact_float, floats
from gradaudit.questions.question import Asked

Floats = npt.NDArray[np.float64]


def rounding_of(operations: int) -> float:
    """Return a bound on the relative error of a sum of products, as part of its magnitude.

    operations: how many roundings one term passes through, at most, as the formulas stand. Twice
    as many are allowed for, since a right answer may group and scale its terms differently.
    The bound is γ_k = k u / (1 - k u); see Higham, Accuracy and Stability, section 3.1.
    """
    k = 2 * operations
    return k * UNIT / (1 - k * UNIT)


@dataclass(frozen=True)
class Estimate:
    """A value with a bound on how far float64 may honestly be from it, entry by entry."""

    value: Floats
    error: Floats


class Oracle(ABC):
    """What is known of the gradient (P,) at an input, found out when it is asked for, and once."""

    def __init__(self, case: Any) -> None:
        self.case = case

    @property
    @abstractmethod
    def value(self) -> Floats:
        """The gradient by the question's own formulas, exact but for one rounding to float64."""

    @property
    @abstractmethod
    def rounding(self) -> Floats:
        """A bound (P,) on the rounding of a float64 gradient, at kinks too."""

    @property
    @abstractmethod
    def part(self) -> float:
        """How much of itself a result may be off, one that need not be right."""

    @property
    @abstractmethod
    def loss(self) -> float:
        """What is differentiated, to float64."""

    @property
    @abstractmethod
    def loss_rounding(self) -> float:
        """A bound on the rounding of that."""

    @abstractmethod
    def _step(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return the steps (P,) of the forward difference at theta, and a bound on its error."""

    def own_rounding(self, found: Floats) -> Floats:
        """Return the rounding of a gradient that need not be right: of the terms, or of it."""
        return self.rounding + self.part * np.abs(found)

    @property
    def estimate(self) -> Estimate:
        """The gradient, and what float64 may differ from it."""
        return Estimate(self.value, self.rounding)

    @cached_property
    def difference(self) -> Estimate:
        """The gradient by `scipy.optimize.approx_fprime`, and what float64 may differ from it."""
        from scipy.optimize import approx_fprime  # takes longer to import than all else

        case, scope = self.case, _SCOPES[type(self.case)]
        given = {name: floats(value) for name, value in case.values.items()}
        blocks = [given[name] for name in case.PARAMETERS]
        splits = np.cumsum([np.size(block) for block in blocks])[:-1]

        def loss(theta: Floats) -> float:
            parts = zip(case.PARAMETERS, np.split(theta, splits), blocks, strict=True)
            moved = {name: part.reshape(block.shape) for name, part, block in parts}
            env = Env({**given, **moved}, case.sizes, scope.defined, floats=True)
            return float(env.value_of(case.LOSS))

        theta = np.concatenate([np.ravel(block) for block in blocks])
        step, error = self._step(theta)
        return Estimate(np.asarray(approx_fprime(theta, loss, step)), error + self.rounding)


@lru_cache(maxsize=KEPT)
def oracle(case: Any) -> Oracle:
    """Return what is known of the gradient at an input."""
    if isinstance(case, cases.Case):
        return QuestionOracle(case)
    return NetworkOracle(case) if isinstance(case, Network) else SoftmaxOracle(case)


_SCOPES = {Network: NETWORK, Logits: SOFTMAX}


def _traced(case: Case, *names: str) -> tuple[Any, ...]:
    """Return values by the question's own formulas, exactly, with all of their slopes."""
    env = Env(case.values, case.sizes, _SCOPES[type(case)].defined)
    env = env.seeded(*case.PARAMETERS, slopes=True)
    return tuple(map(env.value_of, names))


def exact_gradient(case: Case) -> npt.NDArray[Any]:
    """Return the gradient (P,) of the question's own loss, at the precision in force."""
    (loss,) = _traced(case, case.LOSS)
    gradient: npt.NDArray[Any] = loss.tangent
    return gradient


def exact_loss(case: Case) -> Any:
    """Return the question's own loss, at the precision in force."""
    return _traced(case, case.LOSS)[0].value


def floats_of(values: npt.NDArray[Any]) -> Floats:
    """Return the float64 values nearest to exact ones, balls or rationals."""
    with precision(FIRST_PRECISION):
        return np.array([float(arb(one).mid()) for one in values])


@dataclass(frozen=True)
class Slopes:
    """How a network's loss depends on its parameters, all in one vector of length P.

    loss: L. gradient (P,): dL/dθ, exact; floats (P,): the same in float64. curvature (P,): d²L/dθ²
    inside the linear region. reach (P,): how far each parameter can move, alone, before a
    pre-activation meets a kink.
    """

    loss: fmpq
    gradient: npt.NDArray[Any]
    floats: Floats
    curvature: Floats
    reach: Floats


@lru_cache(maxsize=KEPT)
def slopes(network: Network) -> Slopes:
    """Differentiate the question's own formulas at a network, exactly.

    In one linear region e is affine in each parameter, so L = ½ Σ e² is a quadratic in it with
    second derivative Σ (∂e/∂θ)².
    """
    z, e, loss = _traced(network, "z", "e", "L")
    moves = np.abs([floats(unit.tangent) for unit in z.flat])
    free = np.abs([float(unit.value) for unit in z.flat])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(moves > 0, free / moves, np.inf).min(axis=0)
    curvature = sum(floats(error.tangent) ** 2 for error in e)
    return Slopes(loss.value, loss.tangent, floats(loss.tangent), np.asarray(curvature), reach)


@lru_cache(maxsize=KEPT)
def magnitudes(network: Network) -> Slopes:
    """Return the sums of the absolute values of the terms of the loss and of its gradient."""
    return slopes.__wrapped__(network.twin())


@lru_cache(maxsize=KEPT)
def sides_of_kinks(network: Network) -> tuple[Floats, Floats]:
    """Return the least and the greatest gradient (P,) that float64 may find; away from kinks one.

    At a kink it may find itself on either side, at each sample on another. Each sample adds e ∂e/∂θ
    to the gradient, and no entry of that depends on more than one kink, so what is found at each
    adds up.
    """
    if network.pre_activations().all():
        return slopes(network).floats, slopes(network).floats
    (errors,) = _traced(network, "e")
    moves = [ends(slope * error.value) for error in errors for slope in error.tangent]
    low, high = np.array(moves).reshape(len(errors), -1, 2).sum(axis=0).T
    return floats(low), floats(high)


def roundings(network: Network) -> int:
    """Return how many roundings a term of the loss, or of its gradient, passes through at most.

    A term of e has passed d + 1 for z, h + 1 for y and one more; L squares it and adds n of them,
    and hᵀe multiplies it with an h that has passed d + 1.
    """
    n, d, h = network.sizes.values()
    return 2 * (d + h + 3) + n + 2


class NetworkOracle(Oracle):
    """What is known at a network: its loss is piecewise a quadratic of each parameter."""

    case: Network

    @property
    def loss(self) -> float:
        """The loss, by its slopes."""
        return float(slopes(self.case).loss)

    @property
    def value(self) -> Floats:
        """The gradient, by its slopes."""
        return slopes(self.case).floats

    @cached_property
    def part(self) -> float:
        """The rounding of the sums."""
        return rounding_of(roundings(self.case))

    @cached_property
    def rounding(self) -> Floats:
        """The rounding of the sums, times the magnitudes (P,).

        A right answer may shift or turn the samples first: n roundings more, and d of the product
        that puts it back, each of the size of the largest input.
        """
        n, d, _ = self.case.sizes.values()
        largest = magnitudes.__wrapped__(self.case.levelled()).floats
        bound: Floats = self.part * magnitudes(self.case).floats + rounding_of(n + d) * largest
        return bound

    @property
    def loss_rounding(self) -> float:
        """The rounding of the sums, times the magnitude of the loss."""
        return self.part * float(magnitudes(self.case).loss)

    def _step(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return steps that stay inside of the linear region, and balance both kinds of error.

        A forward difference of a quadratic is wrong by ½ · step · curvature, exactly. The loss is
        computed to γ times its magnitude at both ends.
        """
        at, most, noise = slopes(self.case), magnitudes(self.case), self.part
        size = float(most.loss)
        with np.errstate(divide="ignore", invalid="ignore"):
            balanced = 2 * np.sqrt(noise * size / at.curvature)
        usable = np.isfinite(balanced) & (balanced > 0)
        wanted = np.where(usable, balanced, np.maximum(1, abs(theta)))
        step = (theta + np.minimum(wanted, at.reach / 2)) - theta  # what is really added
        beyond = size + step * most.floats + step**2 * most.curvature / 2  # at the far end
        return step, step * at.curvature / 2 + noise * ((size + beyond) / step + most.floats)


class SoftmaxOracle(Oracle):
    """What is known at logits.

    p_i is computed to a relative error of the logits' size times the unit roundoff, since a
    logit may be rounded when a constant is taken from it; then p_i Σ|t| + |t_i| is the magnitude.
    """

    def __init__(self, case: Logits) -> None:
        super().__init__(case)
        self.y, self.t = floats(case.y), floats(case.t)
        powers = np.exp(self.y - np.max(self.y))
        self.softmax: Floats = powers / powers.sum()
        self.noise = rounding_of(len(self.y) + 5)

    @property
    def loss(self) -> float:
        """The cross-entropy in balls, rounded."""
        with precision(FIRST_PRECISION):
            return float(floats_of(np.array([exact_loss(self.case)]))[0])

    @cached_property
    def value(self) -> Floats:
        """The gradient in balls, rounded."""
        with precision(FIRST_PRECISION):
            return floats_of(exact_gradient(self.case))

    @cached_property
    def part(self) -> float:
        """What a rounded logit is worth; just a sum where p is 0 or 1 at any rate."""
        between = ((self.softmax > 0) & (self.softmax < 1)).any()
        return self.noise * (1 + 2 * float(np.max(np.abs(self.y))) if between else 1.0)

    @cached_property
    def rounding(self) -> Floats:
        """The magnitudes (n,), times what a rounded logit is worth, and the sum of the targets.

        The entries sum to zero, so one may rightly be found from the others: each is rounded by
        what is left of all of them.
        """
        sizes = np.abs(self.t)
        total = sizes.sum()
        bound: Floats = self.part * (self.softmax * total + sizes) + self.noise * total
        return bound

    @property
    def loss_rounding(self) -> float:
        """A bound on the rounding of a float64 cross-entropy.

        log p_k is as large as the spread of the logits, and as wrong as the logits are large.
        """
        spread = float(np.ptp(self.y)) + float(np.log(len(self.y))) + 1
        size = 1 + 2 * float(np.max(np.abs(self.y)))
        return self.noise * size * spread * float(np.abs(self.t).sum())

    def _step(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return steps up to 1, and the error of the forward difference with them.

        |∂²E/∂y_i²| = |Σt| p_i (1 - p_i) is at most |Σt| / 4 everywhere, so the truncation is at
        most step · |Σt| / 8. log p_k is computed to an absolute error that grows with the logits.
        """
        noise = 3 * self.loss_rounding  # near the logits too, up to a step of 1
        bend = abs(float(self.t.sum())) / 4
        step = (theta + (min(2 * np.sqrt(noise / bend), 1.0) if bend else 1.0)) - theta
        return step, step * bend / 2 + 2 * noise / step


MOST_NEIGHBOURS = 24  # directions in which two entries move together
SHRINK, TRIES = 8, 12  # of a step, until nothing that it passes is a kink, or much steeper


class QuestionOracle(Oracle):
    """What is known at an input of any question, of all parts that a function returns."""

    case: cases.Case

    @property
    def asked(self) -> list[Asked]:
        """The parts, in order."""
        assert self.case.call is not None
        return [self.case.question.parts[name] for name in self.case.call.parts]

    @cached_property
    def value(self) -> Floats:
        """The exact derivatives. Raises NoValue or CannotTell."""
        found = [
            _everywhere(one, self.case, truth)
            for one, truth in zip(self.asked, self._truths, strict=True)
        ]
        return floats_of(np.concatenate([np.ravel(present(one)) for one in found]))

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
    def slopes(self) -> tuple[Floats, Floats]:
        """The least and the greatest slope (P,) at a kink; infinite if not known."""
        low, high = zip(*(_span(one, self.case) for one in self.asked), strict=True)
        return np.concatenate(low), np.concatenate(high)

    @cached_property
    def _truths(self) -> list[Any]:
        return [settle(partial_entries(one.truth, self.case)) for one in self.asked]

    @cached_property
    def _errors(self) -> list[Any]:
        return [self.case.in_floats(roundings_of(one.closed)) for one in self.asked]

    @cached_property
    def _closed(self) -> list[Any]:
        return [self.case.in_floats(one.closed) for one in self.asked]

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
            both = [difference(one, self.case) for one in self.asked]
        except FormulaError:  # it takes too much at an input as large as this
            nothing = np.zeros_like(self.rounding)
            return Estimate(nothing, nothing + np.inf)
        value, error = (np.concatenate(one) for one in zip(*both, strict=True))
        return Estimate(value, error + self.rounding)

    def _step(self, theta: Floats) -> tuple[Floats, Floats]:
        raise NotImplementedError


def _count(asked: Asked, case: "cases.Case") -> int:
    return int(np.prod([case.sizes[axis] for axis in asked.axes]))


def _raveled(
    asked: Asked, case: "cases.Case", letters: Sequence[str], shape: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Return for each entry of a derivative (P,) the place of some of its indices in an array."""
    free = asked.truth.scope.free
    grid = dict(zip(free, np.indices([case.sizes[one] for one in free.values()]), strict=True))
    found = np.zeros(_count(asked, case), dtype=np.int64)
    for letter, length in zip(letters, shape, strict=True):
        found = found * length + grid[letter].ravel()
    return found


def _places(asked: Asked, case: "cases.Case") -> npt.NDArray[np.int64]:
    """Return for each entry of a derivative (P,) which number it is taken by."""
    return _raveled(asked, case, asked.letters, np.shape(case.given[asked.by]))


def _span(asked: Asked, case: "cases.Case") -> tuple[Floats, Floats]:
    """Return the least and the greatest slope (P,) of a number at a kink."""
    size = _count(asked, case)
    unknown = np.full(size, -np.inf), np.full(size, np.inf)
    if asked.of.scope.free:
        return unknown
    with precision(FIRST_PRECISION):
        try:
            value = case.env(asked.of).seeded(asked.by, slopes=True).evaluate(asked.of.tree)
        except (Missing, FormulaError):
            return unknown
        slopes = value.slopes if isinstance(value, Dual) else {}
        both = [_ends(slopes.get(place, ZERO)) for place in _places(asked, case)]
    low, high = zip(*both, strict=True)
    return np.array(low), np.array(high)


def spans_along(asked: Asked, case: "cases.Case") -> Iterator[tuple[Floats, float, float]]:
    """Yield directions (P,) with the least and the greatest slope of a number along each.

    They are those in which neighbours, or all entries, move together, so that they stay tied.
    """
    size, shape = _count(asked, case), np.shape(case.given[asked.by])
    if asked.of.scope.free or size == 1:
        return
    ones = np.ones(size)
    neighbours = [ones * (np.abs(np.arange(size) - k - 0.5) < 1) for k in range(size - 1)]
    seed = Seed(1, 1, True)
    for direction in (ones, *(neighbours[:MOST_NEIGHBOURS] if size > 2 else ())):
        moved = np.zeros(shape)
        moved.flat[_places(asked, case)] = direction
        value = np.frompyfunc(lambda x, v: Dual(x, {0: fmpq(int(v))}, seed), 2, 1)(
            case.given[asked.by], moved
        )
        there = replace(case, given={**case.given, asked.by: value})
        with precision(FIRST_PRECISION):
            try:
                found = there.env(asked.of).evaluate(asked.of.tree)
            except (Missing, FormulaError):
                continue
            low, high = _ends(found.slopes.get(0, ZERO) if isinstance(found, Dual) else ZERO)
        yield direction, low, high


def _ends(slope: Any) -> tuple[float, float]:
    if isinstance(slope, Missing):
        return -np.inf, np.inf
    low, high = (float(arb(end).mid()) for end in ends(slope))
    return (low, high) if low <= high else (-np.inf, np.inf)  # a ball that is not finite


def foresee(inputs: Sequence["cases.Case"]) -> None:
    """Find out at once what will be asked of inputs of one function."""
    if not inputs:
        return
    together, known = Together(inputs), [oracle(case) for case in inputs]
    assert isinstance(known[0], QuestionOracle)
    asked = known[0].asked
    found = {
        "_truths": [{case: v for case, v, _ in together.exact(one.truth)} for one in asked],
        "_errors": [dict(together.floats(roundings_of(one.closed))) for one in asked],
        "_closed": [dict(together.floats(one.closed)) for one in asked],
    }
    for case, one in zip(inputs, known, strict=True):
        for kind, values in found.items():
            if all(case in part for part in values):
                vars(one)[kind] = [part[case] for part in values]


def partial_entries(formula: Formula, case: "cases.Case") -> Any:
    """Return what evaluates a formula, again and again, at the precision in force."""
    env = case.env(formula)
    return lambda: env.entries(formula.tree)


def _everywhere(asked: Asked, case: "cases.Case", found: Any) -> npt.NDArray[Any]:
    """Return a value for each entry of a derivative."""
    shape = tuple(case.sizes[axis] for axis in asked.axes)
    return np.broadcast_to(np.array(found, dtype=object), shape)


def difference(asked: Asked, case: "cases.Case") -> tuple[Floats, Floats]:
    """Return forward differences (P,) of what is differentiated, and how far they may be off.

    A step balances both kinds of error: that of the curvature, which is bounded over all that the
    step passes, and that of the rounding at both ends. What is not known is infinite.
    """
    from scipy.optimize import approx_fprime  # takes longer to import than all else

    of, by = asked.of, asked.by
    given, error_of = np.array(floats(case.given[by])), roundings_of(of)
    theta = np.ravel(given)
    step, bends = _steps(asked, case, theta, ALLOWED * UNIT * np.max(case.in_floats(error_of)))
    with np.errstate(all="ignore"):
        points = theta + np.vstack([np.zeros_like(theta), np.diag(step)])
        env = _varied(error_of, case, by, points.T.reshape(*given.shape, -1), floats_=True)
        found = env.entries(of.tree), ALLOWED * UNIT * env.entries(error_of.tree)  # at all points
        values, noises = (one.reshape(len(points), -1) for one in found)
        known = {at.tobytes(): value for at, value in zip(points, values, strict=True)}
        none = values[0] * np.nan  # where a step is 0, and SciPy takes one of its own
        slopes = np.asarray(approx_fprime(theta, lambda at: known.get(at.tobytes(), none), step))
        here, far = noises[0][:, None], noises[1:].T
        error = step * bends / 2 + (here + far) / step
    entries = _entries(asked, case)
    value, error = slopes.reshape(-1, len(theta))[entries], error[entries]
    is_known = np.isfinite(value) & np.isfinite(error)
    return np.where(is_known, value, 0.0), np.where(is_known, error, np.inf)


def _entries(asked: Asked, case: "cases.Case") -> tuple[npt.NDArray[np.int64], ...]:
    """Return for each entry of a derivative (P,) what it is of, and which number it is by."""
    own = asked.of.scope.free
    rows = _raveled(asked, case, list(own), [case.sizes[one] for one in own.values()])
    return rows, _places(asked, case)


def _varied(
    formula: Formula, case: "cases.Case", by: str, numbers: Any, *, floats_: bool = False
) -> Env:
    """Return what a formula is evaluated with where one name has several values, its last axis."""
    scope, values = formula.scope, {**case.env(formula, floats_=floats_).values, by: numbers}
    known = values, case.sizes, scope.defined, scope.free
    return Env(*known, floats=floats_, cases=numbers.shape[-1], varied=(by,))


def _steps(asked: Asked, case: "cases.Case", theta: Floats, noise: float) -> tuple[Floats, Floats]:
    """Return steps, and a bound on the curvature over each; an infinite one where none is known."""
    everywhere = np.arange(len(theta))
    at_point = _curvature(asked, case, theta, np.zeros_like(theta), everywhere)
    steps = _balanced(noise, at_point, np.maximum(1, np.abs(theta)))
    bends, wide = np.zeros_like(theta), everywhere
    for _ in range(TRIES):
        steps = (theta + steps) - theta  # what is really added
        bends[wide] = _curvature(asked, case, theta, steps, wide)
        better = np.fmin(steps, _balanced(noise, bends, np.where(np.isfinite(bends), steps, 0)))
        wide = np.flatnonzero(better <= steps / SHRINK)
        if not wide.size:
            break
        better = steps = np.fmax(better, steps / SHRINK)
    return (theta + better) - theta, bends  # it is no steeper within a part of the step


def _balanced(noise: float, bends: Floats, otherwise: Floats) -> Floats:
    """Return the steps at which both kinds of error are equal, if there are any."""
    with np.errstate(all="ignore"):
        steps = 2 * np.sqrt(noise / bends)
    return np.where(np.isfinite(steps) & (steps > 0), steps, otherwise)


def _curvature(
    asked: Asked, case: "cases.Case", theta: Floats, steps: Floats, at: npt.NDArray[np.int64]
) -> Floats:
    """Return bounds on how fast slopes change, wherever the number that each is by is in its step.

    at: which numbers, of all that the derivative is by.
    """
    inner, outer = Seed(1, 1), Seed(2, 1)
    with precision(FIRST_PRECISION):
        numbers = np.tile(object_array(list(map(exact_float, theta)), (len(theta), 1)), len(at))
        for k, p in enumerate(at):
            numbers[p, k] = Dual(Dual(_box(theta[p], steps[p]), {0: ONE}, inner), {0: ONE}, outer)
        shape = np.shape(case.given[asked.by])
        env = _varied(asked.of, case, asked.by, numbers.reshape(*shape, -1))
        env.level = outer.level
        try:
            found = env.entries(asked.of.tree).reshape(len(at), -1)
        except (Missing, FormulaError, ZeroDivisionError):
            return np.full(len(at), np.inf)
        rows, places = _entries(asked, case)
        return np.array(
            [max(map(_steepness, found[k, rows[places == p]])) for k, p in enumerate(at)]
        )


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
