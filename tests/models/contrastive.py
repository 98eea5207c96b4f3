"""Functions that answer the question of the contrastive loss, right and wrong."""

from typing import Any

import numpy as np


def _softmax(A: Any, axis: int = 1) -> Any:
    E = np.exp(A - A.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


def _all(E: Any, Q: Any, K: Any, tau: Any) -> Any:
    return E @ K / tau, E.T @ Q / tau, -np.sum(E * (Q @ K.T)) / tau**2


def matrices(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    return _all((_softmax(Q @ K.T / tau) - np.eye(n)) / n, Q, K, tau)


def loops(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    dQ, dK, dtau = np.zeros_like(Q), np.zeros_like(K), 0.0
    for i in range(n):
        a = np.array([sum(x * y for x, y in zip(Q[i], key, strict=True)) / tau for key in K])
        p = np.exp(a - max(a))
        p /= p.sum()
        p[i] -= 1
        for j in range(n):
            dQ[i] += p[j] * K[j] / (n * tau)
            dK[j] += p[j] * Q[i] / (n * tau)
            dtau -= p[j] * a[j] / (n * tau)
    return dQ, dK, np.float64(dtau)


def einsum(Q: Any, K: Any, tau: Any) -> Any:
    n = Q.shape[0]
    A = np.einsum("ia,ja->ij", Q, K) / tau
    G = np.exp(A - np.logaddexp.reduce(A, axis=1)[:, None])
    G[np.diag_indices(n)] -= 1
    G /= n * tau
    return np.einsum("ij,ja->ia", G, K), np.einsum("ij,ia->ja", G, Q), -np.einsum("ij,ij", G, A)


RIGHT = {"matrices": matrices, "loops": loops, "einsum": einsum}


def partners_only(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    E = (_softmax(Q @ K.T / tau) - np.eye(n)) / n
    dQ, _, dtau = _all(E, Q, K, tau)
    return dQ, np.diag(E)[:, None] * Q / tau, dtau


def over_the_queries(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    return _all((_softmax(Q @ K.T / tau, axis=0) - np.eye(n)) / n, Q, K, tau)


def both_directions(Q: Any, K: Any, tau: Any) -> Any:
    n, A = len(Q), Q @ K.T / tau
    return _all(((_softmax(A) + _softmax(A, axis=0)) / 2 - np.eye(n)) / n, Q, K, tau)


def not_transposed(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    E = (_softmax(Q @ K.T / tau) - np.eye(n)) / n
    return E @ K / tau, E @ Q / tau, -np.sum(E * (Q @ K.T)) / tau**2


def temperature_missing(Q: Any, K: Any, tau: Any) -> Any:
    dQ, dK, dtau = matrices(Q, K, tau)
    return dQ * tau, dK * tau, dtau


def summed(Q: Any, K: Any, tau: Any) -> Any:
    return tuple(len(Q) * g for g in matrices(Q, K, tau))


def tau_power(Q: Any, K: Any, tau: Any) -> Any:
    dQ, dK, dtau = matrices(Q, K, tau)
    return dQ, dK, dtau * tau


def unit_rows(Q: Any, K: Any, tau: Any) -> Any:
    lengths = np.maximum(np.linalg.norm(Q, axis=1, keepdims=True), 1e-12)
    return matrices(Q / lengths, K, tau)


def duplicates_masked(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    same = (K[:, None] == K[None]).all(axis=2) & ~np.eye(n, dtype=bool)
    A = np.where(same, -np.inf, Q @ K.T / tau)
    return _all((_softmax(A) - np.eye(n)) / n, Q, K, tau)


def temperature_floored(Q: Any, K: Any, tau: Any) -> Any:
    return matrices(Q, K, max(tau, 0.07))


def products_clipped(Q: Any, K: Any, tau: Any) -> Any:
    n = len(Q)
    return _all((_softmax(np.clip(Q @ K.T / tau, -30, 30)) - np.eye(n)) / n, Q, K, tau)


def one_key_off_by_a_hair(Q: Any, K: Any, tau: Any) -> Any:
    dQ, dK, dtau = matrices(Q, K, tau)
    dK[0, -1] *= 1 + 1e-9
    return dQ, dK, dtau


WRONG = {
    "a key's negatives left out": partners_only,
    "a softmax over the queries": over_the_queries,
    "both directions": both_directions,
    "the errors not transposed": not_transposed,
    "the temperature missing": temperature_missing,
    "summed": summed,
    "one power of tau missing": tau_power,
    "queries of unit length": unit_rows,
    "equal keys taken for no negatives": duplicates_masked,
    "the temperature floored": temperature_floored,
    "products clipped": products_clipped,
    "one key off by 1e-9": one_key_off_by_a_hair,
}
