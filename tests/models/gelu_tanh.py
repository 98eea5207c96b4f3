"""Functions that answer the question of GELU by a hyperbolic tangent, right and wrong."""

import math
from typing import Any

import numpy as np
from scipy.special import ndtr

C = math.sqrt(2 / math.pi)


def plain(G: Any, x: Any) -> Any:
    h = np.tanh(C * (x + 0.044715 * x**3))
    return G * (0.5 * (1 + h) + 0.5 * x * (1 - h**2) * C * (1 + 3 * 0.044715 * x**2))


def by_sigmoid(G: Any, x: Any) -> Any:
    v = 2 * C * x * (1 + 0.044715 * x * x)
    s, rest = np.exp(-np.logaddexp(0, -v)), np.exp(-np.logaddexp(0, v))
    return G * s * (1 + 2 * C * x * rest * (1 + 0.134145 * x * x))


def loops(G: Any, x: Any) -> Any:
    out = np.empty(len(x))
    for i in range(len(x)):
        h = math.tanh(C * (x[i] + 0.044715 * x[i] ** 3))
        inner = C + 3 * C * 0.044715 * x[i] ** 2
        out[i] = 0.5 * G[i] * (1 + h + x[i] * (1 - h) * (1 + h) * inner)
    return out


RIGHT = {"plain": plain, "as a sigmoid": by_sigmoid, "loops": loops}


def constant_gate(G: Any, x: Any) -> Any:
    return G * 0.5 * (1 + np.tanh(C * (x + 0.044715 * x**3)))


def cube_as_x(G: Any, x: Any) -> Any:
    h = np.tanh(C * (x + 0.044715 * x**3))
    return G * 0.5 * (1 + h + x * (1 - h**2) * C)


def factor_three_missing(G: Any, x: Any) -> Any:
    h = np.tanh(C * (x + 0.044715 * x**3))
    return G * 0.5 * (1 + h + x * (1 - h**2) * C * (1 + 0.044715 * x**2))


def slope_of_a_sigmoid(G: Any, x: Any) -> Any:
    h = np.tanh(C * (x + 0.044715 * x**3))
    return G * 0.5 * (1 + h + x * h * (1 - h) * C * (1 + 3 * 0.044715 * x**2))


def half_missing(G: Any, x: Any) -> Any:
    h = np.tanh(C * (x + 0.044715 * x**3))
    return G * (0.5 * (1 + h) + x * (1 - h**2) * C * (1 + 3 * 0.044715 * x**2))


def of_gelu_itself(G: Any, x: Any) -> Any:
    return G * (ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def constant_rounded(G: Any, x: Any) -> Any:
    c = 0.79788456
    h = np.tanh(c * (x + 0.044715 * x**3))
    return G * 0.5 * (1 + h + x * (1 - h**2) * c * (1 + 3 * 0.044715 * x**2))


def product_rounded(G: Any, x: Any) -> Any:
    h = np.tanh(0.79788456 * x * (1 + 0.044715 * x * x))
    inner = 0.1070322243 * x * x + 0.79788456
    return G * (0.5 * x * (1 - h * h) * inner + 0.5 * (1 + h))


def saturated(G: Any, x: Any) -> Any:
    return np.where(np.abs(x) > 3, G * (x > 0), plain(G, x))


def nothing_at_zero(G: Any, x: Any) -> Any:
    return np.where(x == 0, 0.0, plain(G, x))


def upstream_twice(G: Any, x: Any) -> Any:
    return G * plain(G, x)


def one_entry_off_by_a_hair(G: Any, x: Any) -> Any:
    out = plain(G, x)
    out[0] *= 1 + 1e-9
    return out


WRONG = {
    "a constant gate": constant_gate,
    "the cube taken for x": cube_as_x,
    "a factor 3 missing": factor_three_missing,
    "the slope of a sigmoid": slope_of_a_sigmoid,
    "a half missing": half_missing,
    "of GELU itself": of_gelu_itself,
    "a constant rounded to eight digits": constant_rounded,
    "constants rounded after they are multiplied": product_rounded,
    "saturated beyond 3": saturated,
    "nothing at zero": nothing_at_zero,
    "G multiplied in twice": upstream_twice,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
