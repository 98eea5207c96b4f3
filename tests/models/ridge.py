"""Ridge regression: right and wrong ways to compute its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np


def right(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = X @ w + b - t
    return X.T @ e + lam * w, e.sum()


def loops(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    (n, m) = X.shape
    dw, db = [lam * w[a] for a in range(m)], 0.0
    for k in range(n):
        e = sum(X[k, a] * w[a] for a in range(m)) + b - t[k]
        db += e
        for a in range(m):
            dw[a] += e * X[k, a]
    return np.array(dw), np.float64(db)


def einsum(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = np.einsum("ka,a->k", X, w) + b - t
    return np.einsum("ka,k->a", X, e) + np.multiply(lam, w), np.einsum("k->", e)


def column_of_ones(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    Z = np.hstack([X, np.ones((len(X), 1))])
    v = np.append(w, b)
    g = Z.T @ (Z @ v - t)
    g[:-1] += lam * v[:-1]
    return g[:-1].copy(), g[-1]


def in_place(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = np.dot(X, w)
    e += b
    e -= t
    dw = lam * w
    dw += e @ X
    return dw, np.sum(e)


def columns(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = X @ w[:, None] + b - t[:, None]
    return (X.T @ e).ravel() + lam * w, np.sum(e, axis=0)[0]


RIGHT = {
    "plain": right,
    "loops": loops,
    "einsum": einsum,
    "a column of ones for the bias": column_of_ones,
    "in place": in_place,
    "columns": columns,
}


def with_penalty(penalty: Callable[..., Any]) -> Callable[..., Any]:
    """Return gradients with another gradient of the penalty, penalty(w, lam)."""

    def gradients(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
        e = X @ w + b - t
        return X.T @ e + penalty(w, lam), e.sum()

    return gradients


def with_error(error: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return gradients with another function of the error."""

    def gradients(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
        e = error(X @ w + b - t)
        return X.T @ e + lam * w, e.sum()

    return gradients


def bias_penalised(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    Z = np.hstack([X, np.ones((len(X), 1))])
    v = np.append(w, b)
    g = Z.T @ (Z @ v - t) + lam * v
    return g[:-1].copy(), g[-1]


def errors_broadcast(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = (X @ w[:, None] + b - t).sum(axis=1)
    return X.T @ e + lam * w, e.sum()


def first_samples(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    return right(X[:3], w, b, t[:3], lam)


def last_sample_skipped(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    k = max(len(X) - 1, 1)
    return right(X[:k], w, b, t[:k], lam)


def targets_changed(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    t -= X @ w + b
    return lam * w - X.T @ t, -t.sum()


def one_entry_by_little(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    dw, db = right(X, w, b, t, lam)
    dw[-1] *= 1 + 1e-9
    return dw, db


def single_precision(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = (X @ w + b - t).astype(np.float32).astype(float)
    return X.T @ e + lam * w, e.sum()


def bias_averaged(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    e = X @ w + b - t
    return X.T @ e + lam * w, e.mean()


WRONG = {
    "no penalty": with_penalty(lambda w, lam: 0 * w),
    "the penalty twice": with_penalty(lambda w, lam: 2 * lam * w),
    "the penalty's value for its gradient": with_penalty(lambda w, lam: lam / 2 * (w**2).sum()),
    "a lasso": with_penalty(lambda w, lam: lam * np.sign(w)),
    "first weight free": with_penalty(lambda w, lam: lam * np.append(0.0, w[1:])),
    "the default penalty where lam is 0": with_penalty(lambda w, lam: (lam or 1.0) * w),
    "small weights free": with_penalty(lambda w, lam: lam * np.where(np.abs(w) < 1e-2, 0, w)),
    "weights clipped at 100 in the penalty": with_penalty(
        lambda w, lam: lam * np.clip(w, -100, 100)
    ),
    "bias penalised": bias_penalised,
    "t - y": with_error(lambda e: -e),
    "doubled": with_error(lambda e: 2 * e),
    "mean for sum": with_error(lambda e: e / len(e)),
    "errors clipped at 100, as for Huber": with_error(lambda e: np.clip(e, -100, 100)),
    "errors rounded to six places": with_error(lambda e: np.round(e, 6)),
    "bias averaged": bias_averaged,
    "n by n errors": errors_broadcast,
    "the first three samples": first_samples,
    "last sample skipped": last_sample_skipped,
    "targets changed in place": targets_changed,
    "a factor 1 + 1e-9 in the last weight": one_entry_by_little,
    "errors in single precision": single_precision,
}
