"""What an answer on gradient descent owes. See analytic/descent.py.

Rates and points are fractions, so that a rate of exactly 1/5 can be told from those beside it.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from analytic.descent import converges, derivative, f, step
from properties.refusing import reach, refuses

Answer = Callable[[Fraction], bool]

NEAR = Fraction(1, 10**12)
MARKS = [Fraction(0), Fraction(1, 5), Fraction(1, 10)]
BESIDE = [mark + near for mark in MARKS for near in (-NEAR, NEAR)]
HUNDREDTHS = [Fraction(k, 100) for k in range(-10, 41)]
RATES = st.sampled_from([*MARKS, *BESIDE, *HUNDREDTHS, Fraction(1), Fraction(-3)])
STARTS = st.sampled_from([Fraction(k, 4) for k in (4, -4, 1, -1, 2, 7, -13, 400, 4_000_000)])
IN_HUNDREDTHS = st.tuples(st.sampled_from(HUNDREDTHS), STARTS)


def is_where_steps_contract(converges: Answer, rate: Fraction) -> None:
    """A step multiplies x by 1 - 10η, and descent converges where that is less than 1 in size."""
    assert converges(rate) == (abs(1 - 10 * rate) < 1)


def is_where_a_step_leads_down(converges: Answer, case: tuple[Fraction, Fraction]) -> None:
    """Descent converges where f is smaller after a step, from any point but the minimum."""
    rate, x = case
    assert converges(rate) == (f(step(x, rate)) < f(x))


def is_what_a_hundred_steps_show(converges: Answer, case: tuple[Fraction, Fraction]) -> None:
    """A hundred steps leave less than a thousandth of the distance, or else all of it or more.

    No rate of whole hundredths contracts more slowly than by 9/10, whose hundredth power is less
    than 1/1000.
    """
    rate, start = case
    x = start
    for _ in range(100):
        x = step(x, rate)
    assert converges(rate) == (abs(x) < abs(start) / 1000)
    assert converges(rate) == (abs(x) < abs(start))


PROPERTIES = {
    is_where_steps_contract: RATES,
    is_where_a_step_leads_down: st.tuples(RATES, STARTS),
    is_what_a_hundred_steps_show: IN_HUNDREDTHS,
}
each_property = pytest.mark.parametrize(
    ("owed", "inputs"), PROPERTIES.items(), ids=[owed.__name__ for owed in PROPERTIES]
)


@each_property
@given(data=st.data())
def test_our_range(
    owed: Callable[..., None], inputs: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    owed(converges, data.draw(inputs))


WRONG: dict[str, Answer] = {
    "1/5 belongs to it": lambda eta: 0 < eta <= Fraction(1, 5),
    "0 belongs to it": lambda eta: 0 <= eta < Fraction(1, 5),
    "no lower bound": lambda eta: eta < Fraction(1, 5),
    "the size of the rate": lambda eta: abs(eta) < Fraction(1, 5),
    "half the range": lambda eta: 0 < eta < Fraction(1, 10),
    "twice the range": lambda eta: 0 < eta < Fraction(2, 5),
    "the fastest rate only": lambda eta: eta == Fraction(1, 10),
    "all but the fastest rate": lambda eta: 0 < eta < Fraction(1, 5) and eta != Fraction(1, 10),
    "the float nearest to 1/5": lambda eta: 0 < eta < 0.2,
    "always": lambda eta: True,
    "never": lambda eta: False,
}


@each_property
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_range_is_refused(
    owed: Callable[..., None], inputs: st.SearchStrategy[Any], wrong: Answer
) -> None:
    reach(inputs, lambda case: refuses(owed, wrong, case))


def test_a_millionth_of_a_millionth_too_much_is_refused() -> None:
    def wide(eta: Fraction) -> bool:
        return 0 < eta < Fraction(1, 5) + 2 * NEAR

    reach(RATES, lambda rate: refuses(is_where_steps_contract, wide, rate))


@pytest.mark.parametrize("rate", [5e-324, 1e-17, 0.1, 0.19999999999999998])
def test_floats_between_0_and_a_fifth_converge(rate: float) -> None:
    assert converges(rate)


@pytest.mark.parametrize("rate", [-5e-324, 0.0, 0.2, 0.20000000000000004, float("inf")])
def test_other_floats_do_not(rate: float) -> None:
    assert not converges(rate)


def is_the_mean_of_differences_to_either_side(slope: Callable[..., Any], x: Fraction) -> None:
    """The slope is the mean of SciPy's difference quotients: of a quadratic f their errors cancel.

    With a power of two for a step nothing is rounded.
    """
    at = np.array([float(x)])
    either_side = [approx_fprime(at, lambda v: f(v[0]), way) for way in (2.0**-6, -(2.0**-6))]
    assert slope(float(x)) == np.mean(either_side)


@given(x=STARTS)
def test_our_derivative(x: Fraction) -> None:
    is_the_mean_of_differences_to_either_side(derivative, x)


@pytest.mark.parametrize(
    "wrong",
    [lambda x: 5 * x, lambda x: 0 * x, lambda x: 10 * x + 2, lambda x: 10.0000001 * x],
    ids=["half the slope", "no slope", "a constant kept", "a little off"],
)
def test_a_wrong_derivative_is_refused(wrong: Callable[..., Any]) -> None:
    reach(STARTS, lambda x: refuses(is_the_mean_of_differences_to_either_side, wrong, x))


def multiplies_the_distance(step: Callable[..., Any], case: tuple[Fraction, Fraction]) -> None:
    """After k steps x is (1 - 10η)^k times the start."""
    rate, start = case
    x = start
    for k in range(5):
        assert x == (1 - 10 * rate) ** k * start
        x = step(x, rate)


@given(case=st.tuples(RATES, STARTS))
def test_our_step(case: tuple[Fraction, Fraction]) -> None:
    multiplies_the_distance(step, case)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, eta: x + 10 * eta * x,
        lambda x, eta: x,
        lambda x, eta: x - eta,
        lambda x, eta: x - 10 * eta * x + Fraction(1, 10**24),
    ],
    ids=["uphill", "at rest", "the rate alone", "it drifts"],
)
def test_a_wrong_step_is_refused(wrong: Callable[..., Any]) -> None:
    reach(st.tuples(RATES, STARTS), lambda case: refuses(multiplies_the_distance, wrong, case))


@given(start=STARTS)
def test_at_a_rate_of_zero_nothing_moves(start: Fraction) -> None:
    assert step(start, Fraction(0)) == start


@given(start=STARTS)
def test_at_a_fifth_the_sign_flips_for_ever(start: Fraction) -> None:
    assert step(start, Fraction(1, 5)) == -start
