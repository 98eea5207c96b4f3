"""Logistic regression: right and wrong ways to compute its gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def sigmoid(z: Any) -> Any:
    """Return 1/(1 + exp(-z)), by an exponential that never overflows."""
    q = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, q) / (1 + q)


def with_error(error: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return gradients with another error, error(z, t)."""

    def gradients(X: Any, w: Any, b: Any, t: Any) -> Any:
        e = error(X @ w + b, t)
        return X.T @ e, e.sum()

    return gradients


right = with_error(lambda z, t: sigmoid(z) - t)


def plain(X: Any, w: Any, b: Any, t: Any) -> Any:
    with np.errstate(over="ignore"):
        p = 1 / (1 + np.exp(-(X @ w + b)))
    return X.T @ (p - t), np.sum(p - t)


def loops(X: Any, w: Any, b: Any, t: Any) -> Any:
    n, m = X.shape
    dw, db = np.zeros(m), 0.0
    for k in range(n):
        z = sum(X[k, a] * w[a] for a in range(m)) + b
        p = 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
        db += p - t[k]
        for a in range(m):
            dw[a] += (p - t[k]) * X[k, a]
    return dw, np.float64(db)


def by_logaddexp(X: Any, w: Any, b: Any, t: Any) -> Any:
    e = np.exp(-np.logaddexp(0, -(X @ w + b))) - t
    return np.einsum("ka,k->a", X, e), np.einsum("k->", e)


def column_of_ones(X: Any, w: Any, b: Any, t: Any) -> Any:
    Z = np.column_stack([X, np.ones(len(t))])
    g = Z.T @ (sigmoid(Z @ np.append(w, b)) - t)
    return g[:-1].copy(), g[-1]


def both_classes(X: Any, w: Any, b: Any, t: Any) -> Any:
    z = X @ w + b
    e = (1 - t) * sigmoid(z) - t * sigmoid(-z)
    return e @ X, np.sum(e)


RIGHT = {
    "plain, where the exponential may be inf": plain,
    "stable": right,
    "loops": loops,
    "by logaddexp": by_logaddexp,
    "a column of ones for the bias": column_of_ones,
    "both classes apart": both_classes,
}


def errors_broadcast(X: Any, w: Any, b: Any, t: Any) -> Any:
    e = (sigmoid(X @ w[:, None] + b) - t).sum(axis=1)
    return X.T @ e, e.sum()


def first_samples(X: Any, w: Any, b: Any, t: Any) -> Any:
    return right(X[:3], w, b, t[:3])


def bias_averaged(X: Any, w: Any, b: Any, t: Any) -> Any:
    dw, db = right(X, w, b, t)
    return dw, db / len(t)


def one_entry_by_little(X: Any, w: Any, b: Any, t: Any) -> Any:
    dw, db = right(X, w, b, t)
    dw[0] *= 1 + 1e-9
    return dw, db


def features_clipped(X: Any, w: Any, b: Any, t: Any) -> Any:
    return right(np.clip(X, -1e7, 1e7), w, b, t)


def probabilities_into_targets(X: Any, w: Any, b: Any, t: Any) -> Any:
    t -= sigmoid(X @ w + b)
    return -X.T @ t, -t.sum()


WRONG = {
    "t - p": with_error(lambda z, t: t - sigmoid(z)),
    "a squared error": with_error(lambda z, t: (sigmoid(z) - t) * sigmoid(z) * sigmoid(-z)),
    "no sigmoid": with_error(lambda z, t: z - t),
    "the perceptron": with_error(lambda z, t: (z > 0) - t),
    "the sigmoid twice": with_error(lambda z, t: sigmoid(sigmoid(z)) - t),
    "the first class only": with_error(lambda z, t: -t * sigmoid(-z)),
    "mean for sum": with_error(lambda z, t: (sigmoid(z) - t) / len(t)),
    "targets rounded to classes": with_error(lambda z, t: sigmoid(z) - (t > 0.5)),
    "by the class, for targets 0 and 1 only": with_error(
        lambda z, t: np.where(t == 1, -sigmoid(-z), sigmoid(z))
    ),
    "probabilities clipped at 1e-3": with_error(
        lambda z, t: np.clip(sigmoid(z), 1e-3, 1 - 1e-3) - t
    ),
    "probabilities clipped at 1e-7": with_error(
        lambda z, t: np.clip(sigmoid(z), 1e-7, 1 - 1e-7) - t
    ),
    "z clipped at 20": with_error(lambda z, t: sigmoid(np.clip(z, -20, 20)) - t),
    "nothing where the sigmoid saturates": with_error(
        lambda z, t: np.where(np.abs(z) > 6, 0, sigmoid(z) - t)
    ),
    "1 where z is 0": with_error(lambda z, t: np.where(z == 0, 1, sigmoid(z)) - t),
    "a sigmoid of straight lines": with_error(lambda z, t: np.clip(z / 4 + 0.5, 0, 1) - t),
    "bias averaged": bias_averaged,
    "n by n errors": errors_broadcast,
    "the first three samples": first_samples,
    "features clipped at 1e7, where all sigmoids saturate": features_clipped,
    "targets changed in place": probabilities_into_targets,
    "a factor 1 + 1e-9 in the first weight": one_entry_by_little,
}
