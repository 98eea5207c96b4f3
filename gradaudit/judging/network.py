"""The laws of Question 1: what any gradient of the two-layer network owes.

What they cannot see: Euler's identity and the symmetries hold for a gradient of the wrong sign
or scale, additivity for one of another loss that is a sum; the forward difference sees errors
above its own truncation only. The exact derivative sees all, away from kinks.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gradaudit.judging.calling import Function
from gradaudit.judging.contract import ask, check_contract, compare
from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.oracles import Estimate, oracle, rounding_of, sides_of_kinks, slopes
from gradaudit.judging.owed import orders
from gradaudit.judging.strategies import KINKED, NETWORKS
from gradaudit.questions.inputs import KEPT, Network

Floats = npt.NDArray[np.float64]


def keeps_the_contract(judged: Function, network: Network) -> None:
    """It returns four float64 arrays of the parameters' shapes, of memory of their own, changes no input, and repeats itself."""  # noqa: E501  # a statement is one sentence
    rounding = 2 * oracle(network).rounding + kink(network)
    check_contract(judged, network, _elsewhere(network), rounding)


@lru_cache(maxsize=KEPT)
def _elsewhere(network: Network) -> Network:
    return replace(network, t=network.t + 1)


def equals_the_exact_derivative(judged: Function, network: Network) -> None:
    """It equals the exact derivative of the loss, within the rounding of its own sums."""
    compare(network, ask(judged, network)[0], oracle(network).estimate, slopes(network).gradient)


def agrees_with_approx_fprime(judged: Function, network: Network) -> None:
    """It agrees with scipy.optimize.approx_fprime of the float64 loss, within the error of that."""
    compare(network, ask(judged, network)[0], oracle(network).difference)


def lies_between_both_sides(judged: Function, network: Network) -> None:
    """At a kink it lies between the derivatives on its two sides; there w2 and b2 have just one."""
    found = ask(judged, network)[0]
    nearest = np.clip(found, *sides_of_kinks(network))
    compare(network, found, Estimate(nearest, oracle(network).rounding))


def obeys_euler(judged: Function, network: Network) -> None:
    """Its blocks obey Euler's identity of a ReLU layer, at kinks too: <dW1, W1> + <db1, b1> = <dw2, w2>."""  # noqa: E501  # a statement is one sentence
    gradient = ask(judged, network)[0]
    parameters = np.concatenate([np.ravel(block) for block in network.arguments()[:4]])
    terms = gradient * parameters
    slack = oracle(network).own_rounding(gradient) * np.abs(parameters)
    first = network.W1.size + network.b1.size
    second = first + network.w2.size
    left, right = terms[:first].sum(), terms[first:second].sum()
    allowed = (slack + rounding_of(second) * np.abs(terms))[:second].sum()
    if not abs(left - right) <= allowed:
        raise Refusal("<dW1, W1> + <db1, b1>", right, left, allowed)


def adds_up_over_samples(judged: Function, network: Network) -> None:
    """The gradient of all samples is the sum of the gradients of each."""
    found, *parts = ask(judged, network, *_samples(network))
    # The magnitudes of the samples add up to that of the whole, and so do their roundings.
    own = oracle(network).own_rounding
    error = own(found) + own(np.abs(parts).sum(axis=0)) + kink(network)
    compare(network, found, Estimate(np.sum(parts, axis=0), error))


@lru_cache(maxsize=KEPT)
def _samples(network: Network) -> list[Network]:
    return list(map(network.sample, range(len(network.t))))


def ignores_the_order_of_samples(judged: Function, network: Network) -> None:
    """Samples in another order give the same gradient."""
    found, *others = ask(judged, network, *_in_other_orders(network))
    error = 2 * oracle(network).own_rounding(found) + kink(network)
    for other in others:
        compare(network, other, Estimate(found, error))


@lru_cache(maxsize=KEPT)
def _in_other_orders(network: Network) -> list[Network]:
    return list(map(network.with_samples, orders(len(network.t))))


def follows_the_order_of_units(judged: Function, network: Network) -> None:
    """Hidden units in another order give the same gradient in that order."""
    d, h = network.W1.shape
    found, *others = ask(judged, network, *_with_units_in_other_orders(network))
    error = 2 * oracle(network).own_rounding(found) + kink(network)
    units = np.arange(d * h + 2 * h).reshape(d + 2, h)  # where W1, b1 and w2 have their entries
    for order, other in zip(orders(h), others, strict=True):
        whole = np.append(units[:, order], d * h + 2 * h)
        compare(network, other, Estimate(found[whole], error[whole]))


@lru_cache(maxsize=KEPT)
def _with_units_in_other_orders(network: Network) -> list[Network]:
    return list(map(network.with_units, orders(len(network.b1))))


def kink(network: Network) -> Floats:
    """Return how far apart (P,) two computations may come that meet a kink on different sides."""
    low, high = sides_of_kinks(network)
    return high - low


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
