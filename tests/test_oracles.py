"""The bounds of the oracles are bounds, on functions whose derivative is known."""

from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq
from scipy.optimize import approx_fprime

from analytic import softmax as analytic_softmax
from analytic.network import network_gradients
from gradaudit.judging.cases import Case, is_smooth
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.oracles import oracle
from gradaudit.language.balls import agree, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, each, precision
from gradaudit.language.outcomes import CannotTell
from gradaudit.questions.simple import exact_float, floats
from tests import right
from tests.assignment import (
    ANY_TARGETS,
    KINKED,
    NETWORKS,
    errors,
    in_floats,
    logits,
    network,
    pre_activations,
)

FREE = Scope(given=frozenset({"x"}))


def dense(scale: float, offset: float, seed: int) -> Case:
    """Return a network of random numbers, with parameters scaled and outputs offset."""
    random = np.random.default_rng(seed)

    def numbers(*shape: int) -> Any:
        return each(exact_float, random.normal(size=shape).astype(object))

    return network(
        W1=numbers(3, 4) * exact_float(scale),
        b1=numbers(4) * exact_float(scale),
        w2=numbers(4),
        b2=fmpq(int(offset)),
        X=numbers(5, 3),
        t=numbers(5),
    )


def sizes_of_terms(case: Case) -> Any:
    """Return the gradient of the network whose every sum adds terms of one sign."""
    given = {name: abs(value) for name, value in case.given.items()}
    given["b1"] = each(lambda bias: bias or fmpq(1, 2**100), given["b1"])
    return oracle(network(**{**given, "t": -given["t"]})).value


SCALES = [1e-8, 1e-4, 1.0, 1e4, 1e8]
OFFSETS = [0.0, 1.0, 1e3, 1e6]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_the_forward_difference_is_within_its_bound(scale: float, offset: float) -> None:
    for seed in range(5):
        case = dense(scale, offset, seed)
        assert is_smooth(case)
        difference, truth = oracle(case).difference, oracle(case).value
        assert (abs(difference.value - truth) <= difference.error).all()


@pytest.mark.parametrize("scale", SCALES)
def test_the_bound_of_the_forward_difference_says_something(scale: float) -> None:
    case = dense(scale, 0.0, 1)
    assert oracle(case).difference.error.min() < 1e-5 * sizes_of_terms(case).max()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_the_rounding_of_a_float_gradient_is_within_its_bound(scale: float, offset: float) -> None:
    for seed in range(5):
        case = dense(scale, offset, seed)
        truth = oracle(case).estimate
        found = np.concatenate([np.ravel(g) for g in network_gradients(*case.arguments())])
        assert (abs(found - truth.value) <= truth.error).all()


def test_the_rounding_bound_tells_one_part_in_a_trillion() -> None:
    for case in draw_inputs(NETWORKS)[:20]:
        assert oracle(case).estimate.error.max() <= 1e-12 * sizes_of_terms(case).max()


def test_the_softmax_rounding_tells_one_part_in_a_trillion() -> None:
    for case in draw_inputs(ANY_TARGETS):
        if max(map(abs, case.given["y"])) <= 20:
            total = float(sum(map(abs, case.given["t"])))
            assert oracle(case).estimate.error.max() <= 1e-12 * total


def test_the_bound_of_the_softmax_difference_says_something() -> None:
    for case in draw_inputs(ANY_TARGETS):
        if max(map(abs, case.given["y"])) <= 3:
            total = float(sum(map(abs, case.given["t"])))
            assert oracle(case).difference.error.max() <= 1e-6 * total


class TestAgreement:
    def test_what_is_not_finite_agrees_with_nothing(self) -> None:
        nan, infinite = arb("nan"), arb("inf")
        found = [agree(one, other) for one in (nan, infinite) for other in (nan, infinite, fmpq(1))]
        assert not any(found)

    def test_two_values_a_hundred_bits_apart_are_told_apart(self) -> None:
        with precision(FIRST_PRECISION):
            near = arb(1).exp() * (1 + arb(2) ** -100)
            assert not agree(arb(1).exp(), near)

    def test_a_value_agrees_with_itself_computed_otherwise(self) -> None:
        with precision(FIRST_PRECISION):
            assert agree(arb(2).sqrt() ** 2, fmpq(2))

    @pytest.mark.parametrize("ball", [(1, 2.0**-50), "nan", "inf"], ids=str)
    def test_what_a_ball_that_is_not_small_holds_cannot_be_told(self, ball: Any) -> None:
        with pytest.raises(CannotTell, match="too large, or too close to undefined"):
            settled(lambda: arb(*ball) if isinstance(ball, tuple) else arb(ball))


def with_slopes(case: Case, on: Any) -> Any:
    """Return the exact gradient by hand, with a side of its own at every kink."""
    z, e = pre_activations(case), errors(case)
    mask = np.where(z == 0, on, z > 0)
    delta = np.outer(e, case.given["w2"]) * mask
    parts = case.given["X"].T @ delta, delta.sum(axis=0), (z * mask).T @ e, e.sum()
    return in_floats(np.concatenate([np.ravel(part) for part in parts]))


def test_every_choice_of_sides_at_kinks_is_between_the_least_and_the_greatest() -> None:
    random = np.random.default_rng(0)
    for case in draw_inputs(KINKED):
        low, high = oracle(case).slopes
        for _ in range(5):
            shape = case.sizes["N"], case.sizes["H"]
            found = with_slopes(case, random.integers(0, 2, size=shape))
            slack = oracle(case).rounding
            assert (low - slack <= found).all()
            assert (found <= high + slack).all()


def test_the_least_and_the_greatest_at_kinks_are_met_by_some_choice() -> None:
    for case in draw_inputs(KINKED):
        if (pre_activations(case) == 0).sum() == 1:
            ends = [with_slopes(case, on) for on in (0, 1)]
            low, high = oracle(case).slopes
            slack = oracle(case).rounding
            assert (abs(np.minimum(*ends) - low) <= slack).all()
            assert (abs(np.maximum(*ends) - high) <= slack).all()


def test_away_from_kinks_there_is_one_gradient() -> None:
    for case in draw_inputs(NETWORKS)[::4]:
        low, high = oracle(case).slopes
        assert (low == high).all()


@pytest.mark.parametrize("offset", [0, 1, 30])
@pytest.mark.parametrize("scale", ["1/4096", "1", "4096"])
def test_the_softmax_difference_is_within_its_bound(offset: int, scale: str) -> None:
    numerator, _, denominator = scale.partition("/")
    factor = fmpq(int(numerator), int(denominator or 1))
    for case in draw_inputs(ANY_TARGETS)[:40]:
        moved = logits(case.given["y"] + offset, case.given["t"] * factor)
        difference, truth = oracle(moved).difference, oracle(moved).value
        assert (abs(difference.value - truth) <= difference.error).all()


@pytest.mark.parametrize("offset", [0, 100, 600])
def test_the_rounding_of_a_float_softmax_gradient_is_within_its_bound(offset: int) -> None:
    for case in draw_inputs(ANY_TARGETS):
        moved = logits(case.given["y"] + offset, case.given["t"])
        truth = oracle(moved).estimate
        assert (
            abs(analytic_softmax.softmax_gradient(*moved.arguments()) - truth.value) <= truth.error
        ).all()


KNOWN = [
    ("x**3", lambda x: 3 * x**2),
    ("1/x", lambda x: -1 / x**2),
    ("exp(x)", lambda x: arb(x).exp()),
    ("log(x)", lambda x: 1 / arb(x)),
    ("sqrt(x)", lambda x: 1 / (2 * arb(x).sqrt())),
    ("exp(2*x) / (1 + exp(2*x))", lambda x: 1 / (2 * arb(x).cosh() ** 2)),
    ("abs(x)", lambda x: x / abs(x)),
    ("relu(x) * 7", lambda x: 7 * (x > 0)),
    ("x**-2 * x**5", lambda x: 3 * x**2),
    ("log(exp(x)**3)", lambda x: 3),
]


@pytest.mark.parametrize(("text", "derivative"), KNOWN, ids=[text for text, _ in KNOWN])
@pytest.mark.parametrize("x", ["3/7", "1/1000000", "5"])
def test_d_is_the_derivative_of_a_known_function(text: str, derivative: Any, x: str) -> None:
    numerator, _, denominator = x.partition("/")
    at = fmpq(int(numerator), int(denominator or 1))
    with precision(FIRST_PRECISION):
        found = Env({"x": at}, {}, {}).evaluate(parse(f"d({text}, x)", FREE).tree)
        difference = arb(found) - arb(derivative(at))
        assert difference.contains(0)
        assert difference.rad() < arb(2) ** -200


def test_scipy_is_given_the_steps_as_they_are() -> None:
    step = np.array([0.5, 0.25])
    slope = approx_fprime(np.zeros(2), lambda x: float(x @ x), step)
    assert slope.tolist() == step.tolist()  # (h² - 0) / h


def test_exact_numbers_are_kept_exactly() -> None:
    assert floats(np.array([fmpq(1, 3), fmpq(1, 10)])).tolist() == [1 / 3, 0.1]


def test_a_small_sample_is_rounded_as_the_large_ones_where_all_are_shifted() -> None:
    case = network(
        W1=np.array([[fmpq(1, 3)]]),
        b1=np.array([fmpq(1, 10**8)]),
        w2=np.array([fmpq(0)]),
        b2=fmpq(0),
        X=np.array([[fmpq(1)], [fmpq(0)]]),
        t=np.array([fmpq(0), fmpq(1)]),  # the large one is a hit: the small one is all there is
    )
    assert is_smooth(case)
    truth = oracle(case).estimate
    for function in (right.with_inputs_standardised, right.less_the_mean_sample):
        found = np.concatenate([np.ravel(g) for g in function(*case.arguments())])
        assert (abs(found - truth.value) <= truth.error).all()
