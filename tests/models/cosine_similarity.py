"""Functions that answer the question of cosine similarity, right and wrong."""

from typing import Any

import numpy as np


def by_unit_vectors(g: Any, u: Any, v: Any) -> Any:
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    p, q = u / a, v / b
    c = p @ q
    return g * (q - c * p) / a, g * (p - c * q) / b


def loops(g: Any, u: Any, v: Any) -> Any:
    uv = uu = vv = 0.0
    for x, y in zip(u, v, strict=True):
        uv, uu, vv = uv + x * y, uu + x * x, vv + y * y
    scale = g / np.sqrt(uu * vv)
    du, dv = np.empty(len(u)), np.empty(len(v))
    for i in range(len(u)):
        du[i] = scale * (v[i] - uv / uu * u[i])
        dv[i] = scale * (u[i] - uv / vv * v[i])
    return du, dv


def projected(g: Any, u: Any, v: Any) -> Any:
    def gradient(x: Any, y: Any) -> Any:
        length = np.sqrt(np.sum(x * x))
        y = y / np.sqrt(np.sum(y * y))
        return g * (np.eye(len(x)) - np.outer(x, x) / length**2) @ y / length

    return gradient(u, v), gradient(v, u)


RIGHT = {"unit vectors": by_unit_vectors, "loops": loops, "a projection": projected}


def norms_constant(g: Any, u: Any, v: Any) -> Any:
    ab = np.linalg.norm(u) * np.linalg.norm(v)
    return g * v / ab, g * u / ab


def divided_by_the_other(g: Any, u: Any, v: Any) -> Any:
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    c = u @ v / (a * b)
    return g * (v / b - c * u / a) / b, g * (u / a - c * v / b) / a


def sign_flipped(g: Any, u: Any, v: Any) -> Any:
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    c = u @ v / (a * b)
    return g * (v / b + c * u / a) / a, g * (u / a + c * v / b) / b


def squares_forgotten(g: Any, u: Any, v: Any) -> Any:
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    c = u @ v / (a * b)
    return g * (v / (a * b) - c * u / a), g * (u / (a * b) - c * v / b)


def unit_lengths_assumed(g: Any, u: Any, v: Any) -> Any:
    return g * (v - (u @ v) * u), g * (u - (u @ v) * v)


def with_epsilon(g: Any, u: Any, v: Any) -> Any:
    a, b = np.linalg.norm(u) + 1e-8, np.linalg.norm(v) + 1e-8
    c = u @ v / (a * b)
    return g * (v / b - c * u / a) / a, g * (u / a - c * v / b) / b


def largest_entry_as_norm(g: Any, u: Any, v: Any) -> Any:
    a, b = np.abs(u).max(), np.abs(v).max()
    c = u @ v / (a * b)
    return g * (v / b - c * u / a) / a, g * (u / a - c * v / b) / b


def nothing_when_orthogonal(g: Any, u: Any, v: Any) -> Any:
    du, dv = by_unit_vectors(g, u, v)
    return (du, dv) if u @ v != 0 else (0 * du, 0 * dv)


def cut_at_zero(g: Any, u: Any, v: Any) -> Any:
    return by_unit_vectors(g if u @ v > 0 else 0 * g, u, v)


def short_vectors_floored(g: Any, u: Any, v: Any) -> Any:
    a, b = np.maximum(np.linalg.norm(u), 1.0), np.maximum(np.linalg.norm(v), 1.0)
    c = u @ v / (a * b)
    return g * (v / b - c * u / a) / a, g * (u / a - c * v / b) / b


def gradients_exchanged(g: Any, u: Any, v: Any) -> Any:
    du, dv = by_unit_vectors(g, u, v)
    return dv, du


def one_entry_off_by_a_hair(g: Any, u: Any, v: Any) -> Any:
    du, dv = by_unit_vectors(g, u, v)
    dv[0] *= 1 + 1e-9
    return du, dv


WRONG = {
    "the norms constant": norms_constant,
    "divided by the other length": divided_by_the_other,
    "a sign flipped": sign_flipped,
    "a square forgotten": squares_forgotten,
    "unit lengths assumed": unit_lengths_assumed,
    "a small number added to the lengths": with_epsilon,
    "the largest entry for the length": largest_entry_as_norm,
    "nothing for orthogonal vectors": nothing_when_orthogonal,
    "nothing for obtuse angles": cut_at_zero,
    "lengths of at least 1": short_vectors_floored,
    "the gradients exchanged": gradients_exchanged,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
