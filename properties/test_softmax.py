"""What the gradient of softmax and cross-entropy owes. See analytic/softmax.py.

Softmax of logarithms of fractions is made of fractions: with the logits log 1 and log 3 it is ¼
and ¾. So most of this is exact, and compared by `==`. Where SciPy takes differences, the
tolerance is what is known of their error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from analytic.softmax import (
    Array,
    cross_entropy,
    softmax,
    softmax_gradient,
    softmax_gradient_one_hot,
)
from properties.refusing import reach, refuses


@total_ordering
@dataclass(frozen=True)
class Log:
    """The logarithm of a fraction, exactly. NumPy's `exp` of such an object calls its own."""

    fraction: Fraction

    def __add__(self, other: "Log") -> "Log":
        return Log(self.fraction * other.fraction)

    def __sub__(self, other: "Log") -> "Log":
        return Log(self.fraction / other.fraction)

    def __lt__(self, other: "Log") -> bool:
        return self.fraction < other.fraction

    def exp(self) -> Fraction:
        return self.fraction


LOGITS = [Log(Fraction(text)) for text in ("1", "2", "1/2", "3", "1/3", "10", "1/1000")]
TARGETS = [Fraction(text) for text in ("0", "1", "1/2", "-1", "2", "-3/2", "5")]
Gradient = Callable[[Array, Array], Array]
Case = tuple[Array, Array]


def cases(logits: list[Any], targets: list[Any]) -> st.SearchStrategy[Case]:
    """Return y and t for 1 to 5 classes, with entries from the two lists."""
    entries = st.tuples(st.sampled_from(logits), st.sampled_from(targets))
    return st.lists(entries, min_size=1, max_size=5).map(
        lambda drawn: (np.array([y for y, _ in drawn]), np.array([t for _, t in drawn]))
    )


def summing_to_one(case: Case) -> Case:
    """Add to the first target what the sum lacks of 1."""
    y, t = case
    return y, np.array([t[0] + 1 - t.sum(), *t[1:]])


def one_hot(case: Case) -> Case:
    """Return one-hot targets at the class of the largest target, the first of them at a tie."""
    y, t = case
    return y, 0 * t + (np.arange(len(t)) == np.argmax(t))


EXACT = cases(LOGITS, TARGETS)
FLOATS = cases([0.0, 1.0, -1.0, 0.5, 3.0, -20.0], [float(t) for t in TARGETS])


def rounding(y: Array, t: Array) -> float:
    """Return how far off a float64 loss may be.

    No term exceeds the spread of the logits plus log n, times its target, and none takes more
    than ten roundings.
    """
    return float(10 * 2.0**-53 * abs(t).sum() * (np.ptp(y) + np.log(len(y))))


@given(case=EXACT)
def test_our_softmax_is_the_powers_divided_by_their_sum(case: Case) -> None:
    powers = [logit.fraction for logit in case[0]]
    assert softmax(case[0]).tolist() == [power / sum(powers) for power in powers]


@given(case=FLOATS)
def test_our_cross_entropy_is_the_sum_of_targets_times_minus_log_p(case: Case) -> None:
    y, t = case
    by_hand = -sum(t * np.log(np.exp(y) / np.exp(y).sum()))
    assert abs(cross_entropy(y, t) - by_hand) <= 2 * rounding(y, t)


def follows_from_the_chain_rule(gradient: Callable[..., Array], case: Case) -> None:
    """It is the slope of -Σ t log p along p, times the Jacobian of softmax."""
    y, t = case
    p = softmax(y)
    jacobian = np.diag(p) - np.outer(p, p)
    assert gradient(y, t).tolist() == ((-t / p) @ jacobian).tolist()


def is_softmax_less_targets(gradient: Callable[..., Array], case: Case) -> None:
    """Where the targets sum to 1 it is softmax(y) - t."""
    y, t = case
    assert gradient(y, t).tolist() == (softmax(y) - t).tolist()


def sums_to_zero(gradient: Callable[..., Array], case: Case) -> None:
    """A constant added to all logits changes nothing, so the slopes cancel, for any targets."""
    assert gradient(*case).sum() == 0


def ignores_a_constant_added_to_all_logits(gradient: Callable[..., Array], case: Case) -> None:
    """It is the same for y and for y + log 7."""
    y, t = case
    assert gradient(y + Log(Fraction(7)), t).tolist() == gradient(y, t).tolist()


def agrees_with_approx_fprime(gradient: Callable[..., Array], case: Case) -> None:
    """In float64 it agrees with SciPy's forward difference of the loss.

    That is off by half a step times the curvature, p(1 - p) Σt, which is at most ¼ |Σt|; and by
    the rounding of two losses, divided by the step.
    """
    y, t = case
    step = 2.0**-26
    allowed = step / 8 * abs(t.sum()) + 2 * rounding(y, t) / step
    difference = approx_fprime(y, cross_entropy, step, t)
    assert (abs(gradient(y, t) - difference) <= allowed).all()


def is_finite_at_huge_logits(gradient: Callable[..., Array], case: Case) -> None:
    """With one logit a thousand above the others softmax is 1 there and 0 elsewhere."""
    y, t = case
    p = np.eye(len(y))[0]
    assert gradient(y + 1000 * p, t).tolist() == (p * t.sum() - t).tolist()


PROPERTIES = {
    follows_from_the_chain_rule: EXACT,
    sums_to_zero: EXACT,
    ignores_a_constant_added_to_all_logits: EXACT,
    agrees_with_approx_fprime: FLOATS,
    is_finite_at_huge_logits: FLOATS,
    is_softmax_less_targets: EXACT.map(summing_to_one),
}
each_property = pytest.mark.parametrize(
    ("owed", "inputs"), PROPERTIES.items(), ids=[owed.__name__ for owed in PROPERTIES]
)


@each_property
@given(data=st.data())
def test_our_gradient(
    owed: Callable[..., None], inputs: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    owed(softmax_gradient, data.draw(inputs))


@each_property
@given(data=st.data())
def test_our_one_hot_gradient(
    owed: Callable[..., None], inputs: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    def gradient(y: Array, t: Array) -> Array:
        return softmax_gradient_one_hot(y, int(np.argmax(t)))

    owed(gradient, data.draw(inputs.map(one_hot)))


def overflowing(y: Array, t: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.exp(y) / np.exp(y).sum() * t.sum() - t)


WRONG: dict[str, Gradient] = {
    "targets taken to sum to 1": lambda y, t: softmax(y) - t,
    "the sign": lambda y, t: t - softmax(y) * t.sum(),
    "twice as much": lambda y, t: 2 * softmax_gradient(y, t),
    "one part in 100,000 too much": lambda y, t: softmax_gradient(y, t) * (1 + 1e-5),
    "the diagonal of the Jacobian only": lambda y, t: t * softmax(y) - t,
    "the chain rule broken off at p": lambda y, t: -t / softmax(y),
    "the mean over the classes": lambda y, t: softmax_gradient(y, t) / len(y),
    "softmax twice": lambda y, t: softmax(softmax(y)) * t.sum() - t,
    "1 taken off every class": lambda y, t: (softmax(y) - 1) * t.sum(),
    "powers that are not divided": lambda y, t: np.exp(y) * t.sum() - t,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_approx_fprime_refuses(wrong: Gradient) -> None:
    reach(FLOATS, lambda case: refuses(agrees_with_approx_fprime, wrong, case))


@pytest.mark.parametrize(
    ("owed", "wrong"),
    [
        (follows_from_the_chain_rule, WRONG["targets taken to sum to 1"]),
        (follows_from_the_chain_rule, WRONG["the diagonal of the Jacobian only"]),
        (
            follows_from_the_chain_rule,
            lambda y, t: softmax_gradient(y, t) * (1 + Fraction(1, 10**24)),
        ),
        (sums_to_zero, WRONG["targets taken to sum to 1"]),
        (sums_to_zero, WRONG["the diagonal of the Jacobian only"]),
        (ignores_a_constant_added_to_all_logits, WRONG["powers that are not divided"]),
        (is_softmax_less_targets, WRONG["the sign"]),
        (is_softmax_less_targets, WRONG["the chain rule broken off at p"]),
        (is_finite_at_huge_logits, overflowing),
    ],
)
def test_what_is_exact_refuses(owed: Callable[..., None], wrong: Gradient) -> None:
    reach(PROPERTIES[owed], lambda case: refuses(owed, wrong, case))


@given(case=FLOATS)
def test_overflow_is_seen_at_huge_logits_alone(case: Case) -> None:
    agrees_with_approx_fprime(overflowing, case)


REACHED: dict[str, Callable[[Array, Array], Any]] = {
    "one class": lambda y, t: len(y) == 1,
    "more than three classes": lambda y, t: len(y) > 3,
    "a tie of all logits": lambda y, t: len(y) > 1 and len(set(y)) == 1,
    "no tie": lambda y, t: len(y) > 2 and len(set(y)) == len(y),
    "targets that sum to 0": lambda y, t: any(t) and t.sum() == 0,
    "targets that sum to 1, but not one-hot": lambda y, t: t.sum() == 1 and 1 not in t,
    "targets that sum to another number": lambda y, t: t.sum() not in (0, 1),
    "a class that is next to nothing": lambda y, t: softmax(y).min() < Fraction(1, 1000),
}


@pytest.mark.parametrize("wanted", REACHED.values(), ids=REACHED.keys())
@pytest.mark.parametrize("inputs", [EXACT, FLOATS], ids=["exact", "floats"])
def test_inputs_are_drawn_with(
    inputs: st.SearchStrategy[Case], wanted: Callable[[Array, Array], Any]
) -> None:
    reach(inputs, lambda case: bool(wanted(*case)))


@pytest.mark.parametrize("true_class", range(5))
def test_every_class_is_drawn_as_the_true_one(true_class: int) -> None:
    reach(EXACT.map(one_hot), lambda case: bool(np.argmax(case[1]) == true_class))
