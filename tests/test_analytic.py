"""Our closed forms agree with the question's formulas, and stay right where float64 is hard."""

from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from analytic import descent, network, softmax
from gradaudit.judging.oracles import energy_rounding
from gradaudit.judging.strategies import ANY_TARGETS, KINKED, draw_inputs
from gradaudit.language.evaluate import Env
from gradaudit.language.numbers import FIRST_PRECISION, each, precision
from gradaudit.questions.assignment import DATA, DESCENT, NETWORK, SOFTMAX
from gradaudit.questions.inputs import exact_float


def test_the_loss_of_the_network_is_the_questions() -> None:
    for case in draw_inputs(KINKED):
        env = Env(case.values, case.sizes, NETWORK.defined)
        assert network.loss(*case.blocks.values()) == env.value_of("L")


@pytest.mark.parametrize("name", ["z", "h", "y"])
def test_the_forward_pass_is_the_questions(name: str) -> None:
    W1, b1, w2, b2, X, _ = DATA.blocks.values()
    ours = dict(zip("zhy", network.forward(W1, b1, w2, b2, X), strict=True))
    env = Env(DATA.values, DATA.sizes, NETWORK.defined)
    assert (ours[name] == env.value_of(name)).all()


def test_at_the_kink_our_convention_is_zero() -> None:
    one, zero = np.ones(1), np.zeros((1, 1))
    dW1, db1, _, _ = network.gradients(zero, np.zeros(1), one, 0.0, zero, one)
    assert (dW1.item(), db1.item()) == (0.0, 0.0)


def test_float32_in_gives_float32_out() -> None:
    single = [np.asarray(v, dtype=np.float32) for v in DATA.arguments()]
    assert {np.asarray(g).dtype for g in network.gradients(*single)} == {np.dtype(np.float32)}


def test_the_cross_entropy_is_the_questions() -> None:
    for case in draw_inputs(ANY_TARGETS):
        ours = softmax.cross_entropy(*case.arguments())
        with precision(FIRST_PRECISION):
            exact = Env(case.rounded().values, case.sizes, SOFTMAX.defined).value_of("E")
            assert abs(float(arb(exact_float(ours)) - exact)) <= energy_rounding(case)


HUGE: list[tuple[str, list[float], list[float]]] = [
    ("the first is the largest", [1e300, 0.0], [1.0, 0.0]),
    ("from end to end", [-1e300, 1e300], [0.0, 1.0]),
    ("a tie of two", [1e300, 1e300], [0.5, 0.5]),
    ("a tie of two above a third", [1e300, -1e300, 1e300], [0.5, 0.0, 0.5]),
    ("a tie of two below zero", [-1e300, -1e300], [0.5, 0.5]),
    ("a tie at ten to the sixteenth", [1e16, 1e16, 0.0], [0.5, 0.5, 0.0]),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("y", "p"), [case[1:] for case in HUGE], ids=[case[0] for case in HUGE])
class TestHugeLogits:
    def test_softmax_is_right_without_a_warning(self, y: Any, p: Any) -> None:
        assert softmax.softmax(np.array(y)).tolist() == p

    def test_the_gradient_is_right_without_a_warning(self, y: Any, p: Any) -> None:
        t = np.arange(len(y)) - 3.0
        found = softmax.gradient(np.array(y), t)
        assert found.tolist() == (np.array(p) * t.sum() - t).tolist()

    def test_the_one_hot_gradient_is_right_without_a_warning(self, y: Any, p: Any) -> None:
        found = softmax.gradient_one_hot(np.array(y), 1)
        assert found.tolist() == (np.array(p) - np.eye(len(y))[1]).tolist()

    def test_the_cross_entropy_is_finite_without_a_warning(self, y: Any, p: Any) -> None:
        assert np.isfinite(softmax.cross_entropy(np.array(y), np.ones(len(y))))


@pytest.mark.parametrize("a", [fmpq(5), fmpq(1, 3), fmpq(100)])
def test_the_range_of_any_parabola_ends_at_one_over_a(a: fmpq) -> None:
    inside, end = 1 / a - fmpq(1, 10**30), 1 / a
    assert [descent.converges(eta, a) for eta in (inside, end, fmpq(0))] == [True, False, False]


def test_a_tiny_rate_converges_though_the_multiplier_rounds_to_one() -> None:
    assert descent.converges(5e-324)


def test_every_function_runs_in_rationals() -> None:
    points = descent.orbit(fmpq(1), fmpq(1, 7), 2)
    assert points == [1, fmpq(-3, 7), fmpq(9, 49)]


@pytest.mark.parametrize("x", [fmpq(0), fmpq(1), fmpq(-7, 3)])
def test_f_and_its_slope_are_the_questions(x: fmpq) -> None:
    env = Env({"x": x, "eta": fmpq(1)}, {}, DESCENT.defined)
    assert (descent.f(x), descent.derivative(x)) == (env.value_of("f"), env.value_of("slope"))


@pytest.mark.parametrize("a", [fmpq(1, 3), fmpq(100)])
def test_the_orbit_on_any_parabola_is_multiplied_by_the_same_number(a: fmpq) -> None:
    eta = fmpq(1, 7)
    assert descent.f(fmpq(2), a) - descent.f(fmpq(0), a) == 4 * a
    assert descent.orbit(fmpq(1), eta, 3, a) == [(1 - 2 * a * eta) ** k for k in range(4)]


def test_the_network_computes_with_rationals_throughout() -> None:
    found = network.gradients(*DATA.blocks.values())
    kinds = {type(v) for g in found for v in np.ravel(np.array(each(lambda x: x, g)))}
    assert kinds <= {fmpq, int}
