"""Functions that answer the question of softplus, right and wrong."""

import math
from typing import Any

import numpy as np


def plain(G: Any, x: Any, beta: Any) -> Any:
    return G / (1 + np.exp(-beta * x))


def loops(G: Any, x: Any, beta: Any) -> Any:
    out = np.zeros(len(x))
    for i, (g, v) in enumerate(zip(G, x, strict=True)):
        e = math.exp(-abs(beta * v))
        out[i] = g * (1 if v >= 0 else e) / (1 + e)
    return out


def by_logarithms(G: Any, x: Any, beta: Any) -> Any:
    return np.multiply(G, np.exp(-np.logaddexp(0.0, -beta * x)))


def by_two_exponentials(G: Any, x: Any, beta: Any) -> Any:
    top = np.maximum(beta * x, 0)
    up, down = np.exp(beta * x - top), np.exp(-top)
    return G * up / (up + down)


RIGHT = {
    "plain": plain,
    "loops": loops,
    "logarithms": by_logarithms,
    "two exponentials": by_two_exponentials,
}


def times_beta(G: Any, x: Any, beta: Any) -> Any:
    return beta * plain(G, x, beta)


def beta_missing(G: Any, x: Any, beta: Any) -> Any:
    return plain(G, x, 1.0)


def other_side(G: Any, x: Any, beta: Any) -> Any:
    return G / (1 + np.exp(beta * x))


def naive_exponential(G: Any, x: Any, beta: Any) -> Any:
    return G * np.exp(beta * x) / (1 + np.exp(beta * x))


def above_the_threshold(G: Any, x: Any, beta: Any) -> Any:
    return np.where(beta * x > 10, G, plain(G, x, beta))


def at_the_output(G: Any, x: Any, beta: Any) -> Any:
    return plain(G, np.logaddexp(0, beta * x) / beta, beta)


def of_the_sigmoid(G: Any, x: Any, beta: Any) -> Any:
    s = plain(1.0, x, beta)
    return G * s * (1 - s)


def cut_far_below(G: Any, x: Any, beta: Any) -> Any:
    return np.where(beta * x < -10, 0.0, plain(G, x, beta))


def one_at_zero(G: Any, x: Any, beta: Any) -> Any:
    return np.where(x == 0, G, plain(G, x, beta))


def upstream_of_ones(G: Any, x: Any, beta: Any) -> Any:
    return plain(1.0, x, beta)


def first_upstream_for_all(G: Any, x: Any, beta: Any) -> Any:
    return plain(G[0], x, beta)


def in_float32(G: Any, x: Any, beta: Any) -> Any:
    return (G * plain(np.float32(1), x.astype(np.float32), np.float32(beta))).astype(np.float64)


def one_entry_off_by_a_hair(G: Any, x: Any, beta: Any) -> Any:
    out = plain(G, x, beta)
    out[0] *= 1 + 1e-9
    return out


WRONG = {
    "times beta": times_beta,
    "beta missing": beta_missing,
    "the other side": other_side,
    "exp over exp": naive_exponential,
    "the upstream gradient above 10": above_the_threshold,
    "at the output": at_the_output,
    "of the sigmoid": of_the_sigmoid,
    "nothing below -10": cut_far_below,
    "slope 1 at zero": one_at_zero,
    "G left out": upstream_of_ones,
    "the first G for all": first_upstream_for_all,
    "a sigmoid in float32": in_float32,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
