"""The bounds of the oracles are bounds, on functions whose derivative is known."""

from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq
from scipy.optimize import approx_fprime

from analytic import softmax as analytic_softmax
from analytic.network import network_gradients
from gradaudit.judging.oracles import magnitudes, oracle, rounding_of, sides_of_kinks, slopes
from gradaudit.judging.strategies import ANY_TARGETS, KINKED, NETWORKS, draw_inputs
from gradaudit.language.balls import agree, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, each, precision
from gradaudit.language.outcomes import CannotTell
from gradaudit.questions.inputs import Logits, Network, exact, exact_float, floats
from tests import right

FREE = Scope(given=frozenset({"x"}))


def dense(scale: float, offset: float, seed: int) -> Network:
    """Return a network of random numbers, with parameters scaled and outputs offset."""
    random = np.random.default_rng(seed)

    def numbers(*shape: int) -> Any:
        return each(exact_float, random.normal(size=shape).astype(object))

    return Network(
        W1=numbers(3, 4) * exact_float(scale),
        b1=numbers(4) * exact_float(scale),
        w2=numbers(4),
        b2=fmpq(int(offset)),
        X=numbers(5, 3),
        t=numbers(5),
    )


def away(network: Network) -> bool:
    return NETWORKS.contains(network)


SCALES = [1e-8, 1e-4, 1.0, 1e4, 1e8]
OFFSETS = [0.0, 1.0, 1e3, 1e6]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_the_forward_difference_is_within_its_bound(scale: float, offset: float) -> None:
    for seed in range(5):
        network = dense(scale, offset, seed)
        assert away(network)
        difference = oracle(network).difference
        truth = floats(slopes(network).gradient)
        assert (abs(difference.value - truth) <= difference.error).all()


@pytest.mark.parametrize("scale", SCALES)
def test_the_bound_of_the_forward_difference_says_something(scale: float) -> None:
    network = dense(scale, 0.0, 1)
    largest = np.abs(floats(magnitudes(network).gradient)).max()
    assert oracle(network).difference.error.min() < 1e-5 * largest


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_the_rounding_of_a_float_gradient_is_within_its_bound(scale: float, offset: float) -> None:
    for seed in range(5):
        network = dense(scale, offset, seed)
        truth = oracle(network).estimate
        found = np.concatenate([np.ravel(g) for g in network_gradients(*network.arguments())])
        assert (abs(found - truth.value) <= truth.error).all()


def test_the_rounding_bound_tells_one_part_in_a_trillion() -> None:
    for network in draw_inputs(NETWORKS)[:20]:
        truth = oracle(network).estimate
        assert truth.error.max() <= 1e-12 * floats(magnitudes(network).gradient).max()


def test_the_softmax_rounding_tells_one_part_in_a_trillion() -> None:
    for case in draw_inputs(ANY_TARGETS):
        largest = float(max(map(abs, case.y)))
        if largest <= 20:
            total = float(sum(map(abs, case.t)))
            assert oracle(case.rounded()).estimate.error.max() <= 1e-12 * total


def test_the_bound_of_the_softmax_difference_says_something() -> None:
    for case in draw_inputs(ANY_TARGETS):
        if max(map(abs, case.y)) <= 3:
            total = float(sum(map(abs, case.t)))
            assert oracle(case.rounded()).difference.error.max() <= 1e-6 * total


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


def test_every_magnitude_is_at_least_the_gradient() -> None:
    for network in draw_inputs(NETWORKS):
        gradient, magnitude = slopes(network).gradient, magnitudes(network).gradient
        assert all(abs(g) <= m for g, m in zip(gradient, magnitude, strict=True))


def test_the_curvature_and_reach_describe_the_loss_exactly() -> None:
    network = dense(1.0, 0.0, 3)
    at = slopes(network)
    for index in range(network.W1.size):
        step = exact_float(at.reach[index] / 2)
        moved = network.W1.copy()
        moved.ravel()[index] += step
        there = slopes(Network(**{**network.blocks, "W1": moved}))
        rise = at.gradient[index] * step + exact_float(at.curvature[index]) * step**2 / 2
        bend = exact_float(at.curvature[index]) * step**2 / 2  # a float64 sum of squares
        off = abs(there.loss - at.loss - rise)
        assert off <= exact_float(rounding_of(len(network.t) + 2)) * bend


def with_slopes(network: Network, on: Any) -> Any:
    """Return the exact gradient by hand, with a side of its own at every kink."""
    z = network.pre_activations()
    mask = np.where(z == 0, on, z > 0)
    e = network.outputs() - network.t
    delta = np.outer(e, network.w2) * mask
    parts = network.X.T @ delta, delta.sum(axis=0), (z * mask).T @ e, e.sum()
    return floats(np.concatenate([np.ravel(part) for part in parts]))


def test_every_choice_of_sides_at_kinks_is_between_the_least_and_the_greatest() -> None:
    random = np.random.default_rng(0)
    for network in draw_inputs(KINKED):
        low, high = sides_of_kinks(network)
        for _ in range(5):
            found = with_slopes(
                network, random.integers(0, 2, size=(len(network.t), len(network.b1)))
            )
            slack = oracle(network).rounding
            assert (low - slack <= found).all()
            assert (found <= high + slack).all()


def test_the_least_and_the_greatest_at_kinks_are_met_by_some_choice() -> None:
    for network in draw_inputs(KINKED):
        if (network.pre_activations() == 0).sum() == 1:
            ends = [with_slopes(network, on) for on in (0, 1)]
            low, high = sides_of_kinks(network)
            slack = oracle(network).rounding
            assert (abs(np.minimum(*ends) - low) <= slack).all()
            assert (abs(np.maximum(*ends) - high) <= slack).all()


def test_away_from_kinks_there_is_one_gradient() -> None:
    for network in draw_inputs(NETWORKS):
        low, high = sides_of_kinks(network)
        assert (low == high).all()


@pytest.mark.parametrize("offset", [0, 1, 30])
@pytest.mark.parametrize("scale", ["1/4096", "1", "4096"])
def test_the_softmax_difference_is_within_its_bound(offset: int, scale: str) -> None:
    numerator, _, denominator = scale.partition("/")
    factor = fmpq(int(numerator), int(denominator or 1))
    for case in draw_inputs(ANY_TARGETS)[:40]:
        moved = Logits(case.y + offset, case.t * factor).rounded()
        difference, truth = oracle(moved).difference, oracle(moved).estimate
        assert (abs(difference.value - truth.value) <= difference.error).all()


@pytest.mark.parametrize("offset", [0, 100, 600])
def test_the_rounding_of_a_float_softmax_gradient_is_within_its_bound(offset: int) -> None:
    for case in draw_inputs(ANY_TARGETS):
        moved = Logits(case.y + offset, case.t).rounded()
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


def test_rounding_grows_with_the_number_of_operations() -> None:
    assert 0 < rounding_of(1) < rounding_of(10) < 1e-13


def test_a_sum_of_products_is_rounded_within_the_bound() -> None:
    random = np.random.default_rng(0)
    for size in (1, 2, 10, 100, 1000):
        a, b = random.normal(size=(2, size)) * 10.0 ** random.integers(-8, 8, (2, size))
        truth = sum(exact_float(x) * exact_float(y) for x, y in zip(a, b, strict=True))
        error = abs(exact_float(float(np.sum(a * b))) - truth)
        assert float(error) <= rounding_of(size + 1) * float(np.abs(a) @ np.abs(b))


def test_scipy_is_given_the_steps_as_they_are() -> None:
    step = np.array([0.5, 0.25])
    slope = approx_fprime(np.zeros(2), lambda x: float(x @ x), step)
    assert slope.tolist() == step.tolist()  # (h² - 0) / h


def test_exact_numbers_are_kept_exactly() -> None:
    assert floats(exact([fmpq(1, 3), fmpq(1, 10)])).tolist() == [1 / 3, 0.1]


def test_a_small_sample_is_rounded_as_the_large_ones_where_all_are_shifted() -> None:
    network = Network(
        W1=exact([[fmpq(1, 3)]]),
        b1=exact([fmpq(1, 10**8)]),
        w2=exact([fmpq(0)]),
        b2=fmpq(0),
        X=exact([[fmpq(1)], [fmpq(0)]]),
        t=exact([fmpq(0), fmpq(1)]),  # the large one is a hit: the small one is all there is
    ).rounded()
    assert away(network)
    truth = oracle(network).estimate
    for function in (right.with_inputs_standardised, right.less_the_mean_sample):
        found = np.concatenate([np.ravel(g) for g in function(*network.arguments())])
        assert (abs(found - truth.value) <= truth.error).all()
