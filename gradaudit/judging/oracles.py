"""Derivatives by other means, each with a bound on its own error. That bound is the tolerance.

Two unrelated oracles for each gradient:

- the derivative of the question's own formulas, in exact rationals, or in balls where there is
  an exp; what float64 may differ from it is bounded by the rounding of its sums;
- `scipy.optimize.approx_fprime` on the float64 loss, a forward difference: its truncation is
  bounded by the second derivative, its rounding by the size of the loss divided by the step.

Rounding scales with the sum of the absolute values of the terms that are added, not with the
result: this sum is called the magnitude.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gradaudit.language.evaluate import Env
from gradaudit.language.numbers import FIRST_PRECISION, Dual, precision
from gradaudit.questions.assignment import NETWORK, SOFTMAX
from gradaudit.questions.inputs import Logits, Network, floats

Floats = npt.NDArray[np.float64]

UNIT = 2.0**-53  # the unit roundoff of float64
KEPT = 2**16  # inputs whose truth is kept for every law that asks for it, more than there are


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

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value + other.value, self.error + other.error)


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


def _traced(network: Network) -> tuple[Any, ...]:
    """Return z, e and L by the question's own formulas, exactly, with all of their derivatives."""
    env = Env(network.values, network.sizes, NETWORK.defined).seeded(*Network.PARAMETERS)
    return tuple(map(env.value_of, ("z", "e", "L")))


@lru_cache(maxsize=KEPT)
def slopes(network: Network) -> Slopes:
    """Differentiate the question's own formulas at a network, exactly.

    In one linear region e is affine in each parameter, so L = ½ Σ e² is a quadratic in it with
    second derivative Σ (∂e/∂θ)².
    """
    z, e, loss = _traced(network)
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
    errors = [_traced(side)[1] for side in (network, network.nudged())]  # at 0 a unit is off
    sides = np.array([[error.value * error.tangent for error in side] for side in errors])
    return floats(sides.min(axis=0).sum(axis=0)), floats(sides.max(axis=0).sum(axis=0))


def roundings(network: Network) -> int:
    """Return how many roundings a term of the loss, or of its gradient, passes through at most.

    A term of e has passed d + 1 for z, h + 1 for y and one more; L squares it and adds n of them,
    and hᵀe multiplies it with an h that has passed d + 1.
    """
    n, d, h = network.sizes.values()
    return 2 * (d + h + 3) + n + 2


def network_gradient(network: Network) -> Estimate:
    """Return the exact gradient (P,) and what float64 sums may differ from it."""
    return Estimate(slopes(network).floats, network_rounding(network))


def network_rounding(network: Network) -> Floats:
    """Return a bound (P,) on the rounding of a float64 gradient, at kinks too."""
    bound: Floats = rounding_of(roundings(network)) * magnitudes(network).floats
    return bound


def network_own_rounding(network: Network, found: Floats) -> Floats:
    """Return the same for a gradient that need not be right: of the terms, or of what it is."""
    return network_rounding(network) + rounding_of(roundings(network)) * np.abs(found)


@lru_cache(maxsize=KEPT)
def network_difference(network: Network) -> Estimate:
    """Return the gradient (P,) by `scipy.optimize.approx_fprime`, with a bound on its error.

    A forward difference of a quadratic is wrong by ½ · step · curvature, exactly, as long as the
    step stays inside of the linear region. The loss is computed to γ times its magnitude at both
    ends. The step balances the two.
    """
    at, most = slopes(network), magnitudes(network)
    noise = rounding_of(roundings(network))
    size, growth, bend = float(most.loss), most.floats, most.curvature
    arguments = network.arguments()
    flat = np.concatenate([np.ravel(block) for block in arguments[:4]])
    with np.errstate(divide="ignore", invalid="ignore"):
        balanced = 2 * np.sqrt(noise * size / at.curvature)
    wanted = np.where(np.isfinite(balanced) & (balanced > 0), balanced, np.maximum(1, abs(flat)))
    step = np.minimum(wanted, at.reach / 2)
    step = (flat + step) - flat  # what is really added to the parameter
    splits = np.cumsum([np.size(block) for block in arguments[:3]])
    shapes = [np.shape(block) for block in arguments[:4]]

    def loss(theta: Floats) -> float:
        blocks = [
            part.reshape(shape) for part, shape in zip(np.split(theta, splits), shapes, strict=True)
        ]
        values = dict(zip(network.blocks, (*blocks, *arguments[4:]), strict=True))
        env = Env(values, network.sizes, NETWORK.defined, floats=True)
        return float(env.value_of("L"))

    value = approx_fprime(flat, loss, step)
    truncation = step * at.curvature / 2
    beyond = size + step * growth + step**2 * bend / 2  # the magnitude at the far end
    return Estimate(value, truncation + noise * ((size + beyond) / step + growth))


def approx_fprime(theta: Floats, loss: Callable[[Floats], float], step: Floats) -> Floats:
    """Return the forward differences of a float64 loss, from SciPy."""
    from scipy import optimize

    return np.asarray(optimize.approx_fprime(theta, loss, step), dtype=np.float64)


@lru_cache(maxsize=KEPT)
def softmax_gradient(case: Logits) -> Estimate:
    """Return ∂E/∂y (n,) of the question's own E, and what float64 may differ from it.

    p_i is computed to a relative error of the logits' size times the unit roundoff, since a
    logit may be rounded when a constant is taken from it; then p_i Σ|t| + |t_i| is the magnitude.
    """
    with precision(FIRST_PRECISION):
        value = np.array([float(arb(entry).mid()) for entry in exact_softmax_gradient(case)])
    return Estimate(value, softmax_rounding(case))


def exact_softmax_gradient(case: Logits) -> npt.NDArray[Any]:
    """Return ∂E/∂y (n,) by differentiating the question's E: rationals where it can, else balls."""
    env = Env(case.values, case.sizes, SOFTMAX.defined).seeded("y")
    energy = env.value_of("E")
    assert isinstance(energy, Dual)
    return energy.tangent


def softmax_rounding(case: Logits) -> Floats:
    """Return a bound (n,) on the rounding of a float64 softmax gradient."""
    y, t = floats(case.y), np.abs(floats(case.t))
    p = _softmax(y)
    # The entries sum to zero, so one may rightly be found from the others: each is rounded by
    # what is left of all of them.
    terms = _sway(y, p) * (p * t.sum() + t) + t.sum()
    bound: Floats = rounding_of(len(y) + 5) * terms
    return bound


def _softmax(y: Floats) -> Floats:
    powers: Floats = np.exp(y - np.max(y))
    return np.asarray(powers / powers.sum())


def _sway(y: Floats, p: Floats) -> float:
    """Return how many roundings a rounded logit is worth; none where p is 0 or 1 at any rate."""
    return 1 + 2 * float(np.max(np.abs(y))) if ((p > 0) & (p < 1)).any() else 1.0


def softmax_own_rounding(case: Logits, found: Floats) -> Floats:
    """Return the same for a gradient that need not be right: of the terms, or of what it is."""
    y = floats(case.y)
    own: Floats = rounding_of(len(found) + 5) * _sway(y, _softmax(y)) * np.abs(found)
    return softmax_rounding(case) + own


def energy_rounding(case: Logits) -> float:
    """Return a bound on the rounding of a float64 cross-entropy.

    log p_k is as large as the spread of the logits, and as wrong as the logits are large.
    """
    y, t = floats(case.y), floats(case.t)
    spread = float(np.max(y) - np.min(y)) + float(np.log(len(y))) + 1
    size = 1 + 2 * float(np.max(np.abs(y)))
    return rounding_of(len(y) + 5) * size * spread * float(np.abs(t).sum())


@lru_cache(maxsize=KEPT)
def softmax_difference(case: Logits) -> Estimate:
    """Return ∂E/∂y (n,) by `scipy.optimize.approx_fprime`, with a bound on its error.

    |∂²E/∂y_i²| = |Σt| p_i (1 - p_i) is at most |Σt| / 4 everywhere, so the truncation is at most
    step · |Σt| / 8. log p_k is computed to an absolute error that grows with the logits.
    """
    y, t = floats(case.y), floats(case.t)
    noise = 3 * energy_rounding(case)  # near the logits too, up to a step of 1
    bend = abs(float(case.t.sum())) / 4
    step = np.full(len(y), min(2 * np.sqrt(noise / bend), 1.0) if bend else 1.0)
    step = (y + step) - y

    def loss(logits: Floats) -> float:
        env = Env({"y": logits, "t": t}, case.sizes, SOFTMAX.defined, floats=True)
        return float(env.value_of("E"))

    value = approx_fprime(y, loss, step)
    return Estimate(value, step * bend / 2 + 2 * noise / step + softmax_rounding(case))
