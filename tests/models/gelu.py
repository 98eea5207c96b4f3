"""Functions that answer the question of GELU, right and wrong."""

import math
from typing import Any

import numpy as np
from scipy.special import erf, erfc, ndtr


def plain(G: Any, x: Any) -> Any:
    distribution = 0.5 * (1 + erf(x / np.sqrt(2)))
    return G * (distribution + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def by_ndtr(G: Any, x: Any) -> Any:
    out = np.exp(-0.5 * x * x)
    out *= x / math.sqrt(2 * math.pi)
    out += ndtr(x)
    out *= G
    return out


def loops(G: Any, x: Any) -> Any:
    out = np.zeros(len(x))
    for i, v in enumerate(x):
        density = math.exp(-v * v / 2) / math.sqrt(2 * math.pi)
        out[i] = G[i] * (math.erfc(-v / math.sqrt(2)) / 2 + v * density)
    return out


RIGHT = {"plain": plain, "in place, with ndtr": by_ndtr, "loops, with erfc": loops}


def _density(x: Any) -> Any:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def constant_gate(G: Any, x: Any) -> Any:
    return G * ndtr(x)


def factor_missing(G: Any, x: Any) -> Any:
    return G * (ndtr(x) + _density(x))


def without_the_half(G: Any, x: Any) -> Any:
    return G * (ndtr(x) + x * np.exp(-(x**2)) / np.sqrt(2 * np.pi))


def inner_derivative_missing(G: Any, x: Any) -> Any:
    return G * (ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(np.pi))


def by_tanh(G: Any, x: Any) -> Any:
    c = np.sqrt(2 / np.pi)
    h = np.tanh(c * (x + 0.044715 * x**3))
    return G * (0.5 * (1 + h) + 0.5 * x * (1 - h * h) * c * (1 + 3 * 0.044715 * x**2))


def by_sigmoid(G: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-1.702 * x))
    return G * s * (1 + 1.702 * x * (1 - s))


def rational_erf(G: Any, x: Any) -> Any:
    u = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * u)
    series = np.polyval([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0], t)
    value = np.sign(x) * (1 - series * np.exp(-u * u))
    return G * (0.5 * (1 + value) + x * _density(x))


def complement(G: Any, x: Any) -> Any:
    return G * (0.5 * erfc(x / np.sqrt(2)) + x * _density(x))


def saturated(G: Any, x: Any) -> Any:
    return np.where(x > 3, G, np.where(x < -3, 0.0, plain(G, x)))


def nothing_at_zero(G: Any, x: Any) -> Any:
    return np.where(x == 0, 0.0, plain(G, x))


def upstream_at_the_maximum(G: Any, x: Any) -> Any:
    return np.full_like(x, G.max()) * plain(np.ones_like(x), x)


def changes_the_input(G: Any, x: Any) -> Any:
    out = plain(G, x)
    x *= 0.5
    return out


def one_entry_off_by_a_hair(G: Any, x: Any) -> Any:
    out = plain(G, x)
    out[-1] *= 1 + 1e-9
    return out


WRONG = {
    "a constant gate": constant_gate,
    "x missing before the density": factor_missing,
    "exp(-x**2)": without_the_half,
    "the inner derivative missing": inner_derivative_missing,
    "of the tanh approximation": by_tanh,
    "of the sigmoid approximation": by_sigmoid,
    "a rational approximation of erf": rational_erf,
    "the complement": complement,
    "saturated beyond 3": saturated,
    "nothing at zero": nothing_at_zero,
    "the largest G for all": upstream_at_the_maximum,
    "x changed in place": changes_the_input,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
