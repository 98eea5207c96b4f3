"""What gradients of the two-layer ReLU network owe, whoever derived them. See analytic/network.py.

Every number is a small whole one, but b1 has halves. So no pre-activation is nearer to the kink
of ReLU than ½, what is computed in fractions is exact, and float64 has nothing to round either:
every comparison is `==`.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from analytic.network import Array, forward, loss, network_gradients
from properties.refusing import reach, refuses


class Network(NamedTuple):
    """The six arrays of Question 1, of fractions."""

    W1: Array
    b1: Array
    w2: Array
    b2: Any
    X: Array
    t: Array


@cache
def fractions(*shape: int, plus: Fraction = Fraction(0)) -> st.SearchStrategy[Array]:
    """Return arrays of whole numbers from -3 to 3, plus a constant."""
    entries = st.sampled_from([plus + k for k in (0, 1, -1, 2, -2, 3, -3)])
    size = int(np.prod(shape))
    return st.lists(entries, min_size=size, max_size=size).map(
        lambda values: np.array(values, dtype=object).reshape(shape)
    )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw n samples of d inputs for h hidden units, of each 1 to 4."""
    n, d, h = (draw(st.sampled_from([1, 2, 3, 4])) for _ in range(3))
    return Network(
        W1=draw(fractions(d, h)),
        b1=draw(fractions(h, plus=Fraction(1, 2))),
        w2=draw(fractions(h)),
        b2=draw(fractions(1))[0],
        X=draw(fractions(n, d)),
        t=draw(fractions(n)),
    )


def flat(blocks: Any) -> Array:
    """Return all entries of the blocks as one vector."""
    return np.concatenate([np.ravel(block) for block in blocks])


def loss_at(parameters: Array, network: Network) -> Any:
    """Return the loss of a network whose W1, b1, w2 and b2 are the entries of one vector."""
    d, h = network.W1.shape
    W1, b1, w2, b2 = np.split(parameters, np.cumsum([d * h, h, h]))
    return loss(W1.reshape(d, h), b1, w2, b2[0], network.X, network.t)


@given(network=networks())
def test_our_loss_is_half_the_sum_of_the_squared_errors(network: Network) -> None:
    W1, b1, w2, b2, X, t = network
    h = [[max(sum(x * W1[:, j]) + b1[j], 0) for j in range(len(b1))] for x in X]
    assert loss(*network) == sum((sum(w2 * h[k]) + b2 - t[k]) ** 2 for k in range(len(t))) / 2


def are_the_difference_quotients(gradients: Callable[..., Any], network: Network) -> None:
    """The gradients are the central difference quotients of the loss, exactly.

    In a single parameter the loss is quadratic, as far as no unit crosses its kink; and of a
    quadratic function the quotients are exact, not just near. The step moves no unit by more
    than 3/100.
    """
    parameters, step = flat(network[:4]), Fraction(1, 100)
    quotients = [
        (loss_at(parameters + way, network) - loss_at(parameters - way, network)) / (2 * step)
        for way in np.eye(len(parameters), dtype=int) * step
    ]
    assert flat(gradients(*network)).tolist() == quotients


def agree_with_approx_fprime(gradients: Callable[..., Any], network: Network) -> None:
    """In float64 the gradients are the mean of SciPy's difference quotients to either side.

    With a power of two for a step the numbers are short enough that nothing is rounded.
    """
    floats = Network(*(np.asarray(block, dtype=float) for block in network))
    either_side = [
        approx_fprime(flat(floats[:4]), loss_at, step, floats) for step in (2.0**-8, -(2.0**-8))
    ]
    assert flat(gradients(*floats)).tolist() == np.mean(either_side, axis=0).tolist()


def add_up_over_samples(gradients: Callable[..., Any], network: Network) -> None:
    """The loss is a sum over samples, and so are its gradients."""
    *parameters, X, t = network
    alone = [flat(gradients(*parameters, X[k : k + 1], t[k : k + 1])) for k in range(len(t))]
    assert flat(gradients(*network)).tolist() == np.sum(alone, axis=0).tolist()


def balance_both_layers(gradients: Callable[..., Any], network: Network) -> None:
    """To double W1 and b1 does what doubling w2 does, so the slopes along both are equal."""
    dW1, db1, dw2, _ = gradients(*network)
    assert (dW1 * network.W1).sum() + db1 @ network.b1 == dw2 @ network.w2


DIFFERENCES = [are_the_difference_quotients, agree_with_approx_fprime]
PROPERTIES = [*DIFFERENCES, add_up_over_samples, balance_both_layers]


@pytest.mark.parametrize("owed", PROPERTIES, ids=lambda owed: owed.__name__)
@given(network=networks())
def test_our_gradients(owed: Callable[..., None], network: Network) -> None:
    owed(network_gradients, network)


def with_delta(delta: Callable[..., Array]) -> Callable[..., Any]:
    """Return gradients with another signal at the hidden units, made of e, w2, z and h."""

    def gradients(W1: Array, b1: Array, w2: Array, b2: Any, X: Array, t: Array) -> Any:
        z, h, y = forward(W1, b1, w2, b2, X)
        signal = delta(y - t, w2, z, h)
        return X.T @ signal, signal.sum(axis=0), h.T @ (y - t), (y - t).sum()

    return gradients


def with_change(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return our gradients, changed."""
    return lambda *network: change(*network_gradients(*network))


WRONG = {
    "no ReLU mask": with_delta(lambda e, w2, z, h: np.outer(e, w2)),
    "the mask inverted": with_delta(lambda e, w2, z, h: np.outer(e, w2) * (z < 0)),
    "the activation for the mask": with_delta(lambda e, w2, z, h: np.outer(e, w2) * h),
    "w2 forgotten": with_delta(lambda e, w2, z, h: e[:, None] * (z > 0)),
    "the size of w2": with_delta(lambda e, w2, z, h: np.outer(e, abs(w2)) * (z > 0)),
    "the sign": with_change(lambda *blocks: [-block for block in blocks]),
    "twice as much": with_change(lambda *blocks: [2 * block for block in blocks]),
    "the first entry of W1 a little off": with_change(
        lambda dW1, *rest: (dW1 + dW1 * (np.arange(dW1.size) == 0).reshape(dW1.shape) / 1024, *rest)
    ),
    "b2 a little off": with_change(lambda *blocks: (*blocks[:3], blocks[3] + blocks[3] / 2**20)),
    "the first sample only": lambda W1, b1, w2, b2, X, t: network_gradients(
        W1, b1, w2, b2, X[:1], t[:1]
    ),
    "the mean of the samples": lambda W1, b1, w2, b2, X, t: [
        block / len(t) for block in network_gradients(W1, b1, w2, b2, X, t)
    ],
    "the targets forgotten": lambda W1, b1, w2, b2, X, t: network_gradients(
        W1, b1, w2, b2, X, 0 * t
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("owed", DIFFERENCES, ids=lambda owed: owed.__name__)
def test_differences_refuse(owed: Callable[..., None], wrong: Callable[..., Any]) -> None:
    reach(networks(), lambda network: refuses(owed, wrong, network))


def test_difference_quotients_refuse_one_part_in_a_trillion_trillion() -> None:
    off = with_change(lambda *blocks: (*blocks[:3], blocks[3] * (1 + Fraction(1, 10**24))))
    reach(networks(), lambda network: refuses(are_the_difference_quotients, off, network))


@pytest.mark.parametrize("phrase", ["the first sample only", "the mean of the samples"])
def test_adding_up_refuses(phrase: str) -> None:
    reach(networks(), lambda network: refuses(add_up_over_samples, WRONG[phrase], network))


@pytest.mark.parametrize(
    "phrase", ["no ReLU mask", "the activation for the mask", "w2 forgotten", "the size of w2"]
)
def test_the_balance_refuses(phrase: str) -> None:
    reach(networks(), lambda network: refuses(balance_both_layers, WRONG[phrase], network))


REACHED: dict[str, Callable[[Network], Any]] = {
    "one of each": lambda n: n.X.shape == (1, 1) and n.w2.shape == (1,),
    "four samples of three inputs for two units": lambda n: (*n.X.shape, *n.w2.shape) == (4, 3, 2),
    "as many of each, and more than one": lambda n: n.X.shape == 2 * n.w2.shape != (1, 1),
    "a unit that only some samples activate": lambda n: any(
        len(set(unit)) == 2 for unit in (forward(*n[:5])[0] > 0).T
    ),
    "no unit is active": lambda n: not forward(*n[:5])[1].any(),
    "every unit is active": lambda n: forward(*n[:5])[1].all(),
    "a sample without an error": lambda n: not all(forward(*n[:5])[2] - n.t),
    "no error at all, of two samples": lambda n: len(n.t) > 1 and not loss(*n),
    "a unit without a weight": lambda n: not all(n.w2),
}


@pytest.mark.parametrize("wanted", REACHED.values(), ids=REACHED.keys())
def test_networks_are_drawn_where(wanted: Callable[[Network], Any]) -> None:
    reach(networks(), lambda network: bool(wanted(network)))
