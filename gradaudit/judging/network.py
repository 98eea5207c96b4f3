"""The laws of Question 1: what any gradient of the two-layer network owes.

What they cannot see: Euler's identity and the symmetries hold for a gradient of the wrong sign
or scale, additivity for one of another loss that is a sum; the forward difference sees errors
above its own truncation only. The exact derivative sees all, away from kinks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gradaudit.judging.calling import Function
from gradaudit.judging.contract import check_contract, labels, values
from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.oracles import (
    Estimate,
    network_difference,
    network_gradient,
    network_own_rounding,
    network_rounding,
    rounding_of,
    sides_of_kinks,
    slopes,
)
from gradaudit.judging.strategies import KINKED, NETWORKS
from gradaudit.questions.inputs import Array, Network

Floats = npt.NDArray[np.float64]


def shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Return the results that a gradient function owes, each of its parameter's shape."""
    return {f"dL/d{name}": np.shape(network.blocks[name]) for name in network.PARAMETERS}


def ask(judged: Function, network: Network) -> Floats:
    """Return the judged gradient at a network, as one vector (P,)."""
    result: Floats = values(judged, network.arguments(), shapes(network))
    return result


def compare(
    network: Network, found: Floats, expected: Estimate, shown: Array | None = None
) -> None:
    """Refuse the first entry that is further from the estimate than its bound."""
    close = np.abs(found - expected.value) <= expected.error  # False for nan
    if not close.all():
        index = int(np.argmin(close))
        value = expected.value[index] if shown is None else shown[index]
        where = labels(shapes(network))[index]
        raise Refusal(where, value, found[index], expected.error[index])


def keeps_the_contract(judged: Function, network: Network) -> None:
    """It returns four float64 arrays of the parameters' shapes, of memory of their own, changes no input, and repeats itself."""  # noqa: E501  # a statement is one sentence
    elsewhere = Network(**{**network.blocks, "t": network.t + 1})
    check_contract(
        judged,
        network.arguments(),
        elsewhere.arguments(),
        shapes(network),
        list(network.blocks),
        lambda: 2 * network_rounding(network) + kink(network),
    )


def equals_the_exact_derivative(judged: Function, network: Network) -> None:
    """It equals the exact derivative of the loss, within the rounding of its own sums."""
    exact = slopes(network).gradient
    compare(network, ask(judged, network), network_gradient(network), exact)


def agrees_with_approx_fprime(judged: Function, network: Network) -> None:
    """It agrees with scipy.optimize.approx_fprime of the float64 loss, within the error of that."""
    difference = network_difference(network)
    rounding = Estimate(np.zeros_like(difference.value), network_rounding(network))
    compare(network, ask(judged, network), difference + rounding)


def lies_between_both_sides(judged: Function, network: Network) -> None:
    """At a kink it lies between the derivatives on its two sides; there w2 and b2 have just one."""
    found = ask(judged, network)
    nearest = np.clip(found, *sides_of_kinks(network))
    compare(network, found, Estimate(nearest, network_rounding(network)))


def obeys_euler(judged: Function, network: Network) -> None:
    """Its blocks obey Euler's identity of a ReLU layer, at kinks too: <dW1, W1> + <db1, b1> = <dw2, w2>."""  # noqa: E501  # a statement is one sentence
    gradient = ask(judged, network)
    parameters = np.concatenate([np.ravel(block) for block in network.arguments()[:4]])
    terms = gradient * parameters
    slack = network_own_rounding(network, gradient) * np.abs(parameters)
    first = network.W1.size + network.b1.size
    second = first + network.w2.size
    left, right = terms[:first].sum(), terms[first:second].sum()
    allowed = (slack + rounding_of(second) * np.abs(terms))[:second].sum()
    if not abs(left - right) <= allowed:
        raise Refusal("<dW1, W1> + <db1, b1>", right, left, allowed)


def adds_up_over_samples(judged: Function, network: Network) -> None:
    """The gradient of all samples is the sum of the gradients of each."""
    n = len(network.t)
    found = ask(judged, network)
    parts = np.array([ask(judged, network.sample(k)) for k in range(n)])
    # The magnitudes of the samples add up to that of the whole, and so do their roundings.
    terms = np.abs(parts).sum(axis=0)
    error = network_own_rounding(network, found) + network_own_rounding(network, terms)
    compare(network, found, Estimate(parts.sum(axis=0), error + kink(network)))


def ignores_the_order_of_samples(judged: Function, network: Network) -> None:
    """Samples in another order give the same gradient."""
    found = ask(judged, network)
    error = 2 * network_own_rounding(network, found) + kink(network)
    for order in orders(len(network.t)):
        compare(network, ask(judged, network.with_samples(order)), Estimate(found, error))


def follows_the_order_of_units(judged: Function, network: Network) -> None:
    """Hidden units in another order give the same gradient in that order."""
    d, h = network.W1.shape
    found = ask(judged, network)
    error = 2 * network_own_rounding(network, found) + kink(network)
    for order in orders(h):
        moved = network.with_units(order)
        places = np.arange(d * h).reshape(d, h)[:, order].ravel()
        whole = np.concatenate(
            [places, d * h + np.array(order), d * h + h + np.array(order), [d * h + 2 * h]]
        )
        compare(moved, ask(judged, moved), Estimate(found[whole], error[whole]))


def kink(network: Network) -> Floats:
    """Return how far apart (P,) two computations may come that meet a kink on different sides."""
    low, high = sides_of_kinks(network)
    return high - low


def orders(size: int) -> list[Sequence[int]]:
    """Return a rotation and a swap, which generate every order of `size` things."""
    straight = list(range(size))
    rotated = [*straight[1:], *straight[:1]]
    swapped = [*straight[1::-1], *straight[2:]]
    return [rotated, swapped] if size > 2 else [swapped] if size == 2 else []


LAWS: tuple[Law, ...] = (
    Law(keeps_the_contract, KINKED),
    Law(equals_the_exact_derivative, NETWORKS),
    Law(agrees_with_approx_fprime, NETWORKS),
    Law(lies_between_both_sides, KINKED),
    Law(obeys_euler, KINKED),
    Law(adds_up_over_samples, KINKED),
    Law(ignores_the_order_of_samples, KINKED),
    Law(follows_the_order_of_units, KINKED),
)
