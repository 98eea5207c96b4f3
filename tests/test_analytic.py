"""Our closed forms agree with the question's formulas, and stay right where float64 is hard."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from analytic import descent, network, softmax
from gradaudit.judging.cases import Case
from gradaudit.judging.contract import flat
from gradaudit.judging.domains import Domain, draw_inputs
from gradaudit.judging.iterations import iteration_of
from gradaudit.judging.oracles import oracle
from gradaudit.language.balls import agree, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import parse
from gradaudit.language.numbers import FIRST_PRECISION, each, precision
from gradaudit.questions.simple import exact_float
from tests.assignment import ANY_TARGETS, DATA, EVERYWHERE, NETWORKS, QUESTION3, TRUE_CLASS


def test_the_loss_of_the_network_is_the_questions() -> None:
    for case in draw_inputs(EVERYWHERE):
        env = Env(case.values, case.sizes, case.question.scope.defined)
        assert network.loss(*case.blocks.values()) == env.value_of("L")


@pytest.mark.parametrize("name", ["z", "h", "y"])
def test_the_forward_pass_is_the_questions(name: str) -> None:
    W1, b1, w2, b2, X, _ = DATA.blocks.values()
    ours = dict(zip("zhy", network.forward(W1, b1, w2, b2, X), strict=True))
    env = Env(DATA.values, DATA.sizes, DATA.question.scope.defined)
    assert (ours[name] == env.value_of(name)).all()


def test_at_the_kink_our_convention_is_zero() -> None:
    one, zero = np.ones(1), np.zeros((1, 1))
    dW1, db1, _, _ = network.network_gradients(zero, np.zeros(1), one, 0.0, zero, one)
    assert (dW1.item(), db1.item()) == (0.0, 0.0)


def test_float32_in_gives_float32_out() -> None:
    single = [np.asarray(v, dtype=np.float32) for v in DATA.arguments()]
    assert {np.asarray(g).dtype for g in network.network_gradients(*single)} == {
        np.dtype(np.float32)
    }


def test_the_cross_entropy_is_the_questions() -> None:
    for case in draw_inputs(ANY_TARGETS):
        if max(map(abs, case.given["y"])) > 700:  # an exp of it leaves the range of float64
            continue
        ours = softmax.cross_entropy(*case.arguments())
        with precision(FIRST_PRECISION):
            exact = Env(case.values, case.sizes, case.question.scope.defined).value_of("E")
            assert abs(float(arb(exact_float(ours)) - exact)) <= oracle(case).loss_rounding


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
        found = softmax.softmax_gradient(np.array(y), t)
        assert found.tolist() == (np.array(p) * t.sum() - t).tolist()

    def test_the_one_hot_gradient_is_right_without_a_warning(self, y: Any, p: Any) -> None:
        found = softmax.softmax_gradient_one_hot(np.array(y), 1)
        assert found.tolist() == (np.array(p) - np.eye(len(y))[1]).tolist()

    def test_the_cross_entropy_is_finite_without_a_warning(self, y: Any, p: Any) -> None:
        assert np.isfinite(softmax.cross_entropy(np.array(y), np.ones(len(y))))


@pytest.mark.parametrize("x", [fmpq(0), fmpq(1), fmpq(-7, 3)])
def test_f_and_its_slope_are_the_questions(x: fmpq) -> None:
    env = Env({"x": x}, {}, QUESTION3.scope.defined)
    slope = parse("d(f, x)", QUESTION3.scope)
    assert (descent.f(x), descent.derivative(x)) == (env.value_of("f"), env.evaluate(slope.tree))


@pytest.mark.parametrize("eta", [fmpq(0), fmpq(1, 7), fmpq(1, 5)])
def test_a_step_is_the_questions(eta: fmpq) -> None:
    env = Env({"x": fmpq(-7, 3), "eta": eta}, {}, QUESTION3.scope.defined)
    following = iteration_of(QUESTION3).following["x"]
    assert descent.step(fmpq(-7, 3), eta) == env.evaluate(following.tree)


def test_in_rationals_the_gradients_of_the_network_are_the_exact_derivative() -> None:
    for case in draw_inputs(NETWORKS):
        found = network.network_gradients(*(np.copy(block) for block in case.blocks.values()))
        assert flat(found).tolist() == list(oracle(case).exact)


@pytest.mark.parametrize("domain", [ANY_TARGETS, TRUE_CLASS], ids=["any targets", "a true class"])
def test_in_balls_the_gradient_of_softmax_is_the_exact_derivative(domain: Domain) -> None:
    def ours(case: Case) -> Any:
        y = each(arb, case.given["y"])
        if "t" in case.given:
            return softmax.softmax_gradient(y, case.given["t"])
        return softmax.softmax_gradient_one_hot(y, int(case.given["c"].p))

    for case in draw_inputs(domain):
        assert all(map(agree, settled(partial(ours, case)), oracle(case).exact))


def test_the_network_computes_with_rationals_throughout() -> None:
    found = network.network_gradients(*DATA.blocks.values())
    kinds = {type(v) for g in found for v in np.ravel(np.array(each(lambda x: x, g)))}
    assert kinds <= {fmpq, int}
