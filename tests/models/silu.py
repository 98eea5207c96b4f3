"""Functions that answer the question of SiLU, right and wrong."""

import math
from typing import Any

import numpy as np


def plain(G: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-x))
    return G * s * (1 + x * (1 - s))


def by_the_output(G: Any, x: Any) -> Any:
    s = np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
    y = x * s
    return G * (y + s * (1 - y))


def loops(G: Any, x: Any) -> Any:
    out = np.empty_like(x)
    for i in range(len(x)):
        e = math.exp(-abs(x[i]))
        s, rest = (1 / (1 + e), e / (1 + e)) if x[i] >= 0 else (e / (1 + e), 1 / (1 + e))
        out[i] = G[i] * (s + x[i] * s * rest)
    return out


def in_place(G: Any, x: Any) -> Any:
    s = np.exp(-np.logaddexp(0, -x))
    out = np.exp(-np.logaddexp(0, x))
    out *= x
    out += 1
    out *= s
    out *= G
    return out


RIGHT = {
    "plain": plain,
    "by the output": by_the_output,
    "loops": loops,
    "in place": in_place,
}


def constant_gate(G: Any, x: Any) -> Any:
    return G / (1 + np.exp(-x))


def of_the_sigmoid(G: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-x))
    return G * s * (1 - s)


def from_the_output(G: Any, x: Any) -> Any:
    y = x / (1 + np.exp(-x))
    return G * y * (1 - y)


def factor_missing(G: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-x))
    return G * (s + x * s)


def without_upstream(G: Any, x: Any) -> Any:
    return plain(np.ones_like(G), x)


def upstream_summed(G: Any, x: Any) -> Any:
    return plain(G.sum(), x)


def hard(G: Any, x: Any) -> Any:
    return G * np.where(x < -3, 0.0, np.where(x > 3, 1.0, x / 3 + 0.5))


def naive_exponential(G: Any, x: Any) -> Any:
    e = np.exp(x)
    s = e / (1 + e)
    return G * s * (1 + x * (1 - s))


def saturated(G: Any, x: Any) -> Any:
    return np.where(x > 6, G, plain(G, x))


def nothing_at_zero(G: Any, x: Any) -> Any:
    return np.where(x == 0, 0.0, plain(G, x))


def changes_the_upstream(G: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-x))
    G *= s * (1 + x * (1 - s))
    return G


def in_float32(G: Any, x: Any) -> Any:
    return plain(G.astype(np.float32), x.astype(np.float32)).astype(np.float64)


def one_entry_off_by_a_hair(G: Any, x: Any) -> Any:
    out = plain(G, x)
    out[-1] *= 1 + 1e-9
    return out


WRONG = {
    "a constant gate": constant_gate,
    "of the sigmoid": of_the_sigmoid,
    "y(1 - y)": from_the_output,
    "the factor 1 - s missing": factor_missing,
    "G left out": without_upstream,
    "G summed": upstream_summed,
    "hard swish": hard,
    "exp(x) over exp(x)": naive_exponential,
    "slope 1 beyond 6": saturated,
    "nothing at zero": nothing_at_zero,
    "G changed in place": changes_the_upstream,
    "in float32": in_float32,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
