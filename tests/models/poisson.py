"""Functions that answer the question of Poisson regression, right and wrong."""

from typing import Any

import numpy as np


def matrices(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = s * np.exp(X @ w + b) - t
    return X.T @ e, e.sum()


def loops(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    dw, db = np.zeros(len(w)), np.float64(0)
    for k in range(len(t)):
        z = b
        for a in range(len(w)):
            z += X[k, a] * w[a]
        e = s[k] * np.exp(z) - t[k]
        db += e
        dw += e * X[k]
    return dw, db


def column_of_ones(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    Z = np.column_stack([X, np.ones(len(X))])
    mu = np.exp(Z @ np.append(w, b)) * s
    g = np.einsum("ka,k->a", Z, mu) - np.einsum("ka,k->a", Z, t)
    return g[:-1].copy(), g[-1]


RIGHT = {"matrices": matrices, "loops": loops, "a column of ones": column_of_ones}


def exposure_missing(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = np.exp(X @ w + b) - t
    return X.T @ e, e.sum()


def exposure_added(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = np.exp(X @ w + b + s) - t
    return X.T @ e, e.sum()


def rates_fitted(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = np.exp(X @ w + b) - t / s
    return X.T @ e, e.sum()


def before_the_link(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = 1 - t / (s * np.exp(X @ w + b))
    return X.T @ e, e.sum()


def averaged_bias(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = s * np.exp(X @ w + b) - t
    return X.T @ e, e.mean()


def zero_counts_dropped(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = (s * np.exp(X @ w + b) - t) * (t > 0)
    return X.T @ e, e.sum()


def counts_rounded(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = s * np.exp(X @ w + b) - t.astype(int)
    return X.T @ e, e.sum()


def logarithm_kept_finite(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    mu = s * np.exp(X @ w + b)
    e = mu - t * mu / (mu + 1e-8)
    return X.T @ e, e.sum()


def predictor_clipped(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = s * np.exp(np.minimum(X @ w + b, 10)) - t
    return X.T @ e, e.sum()


def mean_floored(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = np.maximum(s * np.exp(X @ w + b), 1e-2) - t
    return X.T @ e, e.sum()


def columns_for_rows(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    e = s[:, None] * np.exp(X @ w + b) - t
    return X.T @ e.sum(axis=1), e.sum()


def one_weight_off_by_a_hair(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
    dw, db = matrices(X, w, b, t, s)
    dw[0] *= 1 + 1e-9
    return dw, db


WRONG = {
    "the exposure missing": exposure_missing,
    "the exposure without its logarithm": exposure_added,
    "rates fitted without weights": rates_fitted,
    "with respect to the mean": before_the_link,
    "the bias averaged": averaged_bias,
    "samples without counts dropped": zero_counts_dropped,
    "counts cut to whole numbers": counts_rounded,
    "a small number in the denominator": logarithm_kept_finite,
    "the predictor clipped": predictor_clipped,
    "the means floored": mean_floored,
    "means of shape (n, n)": columns_for_rows,
    "the first weight off by 1e-9": one_weight_off_by_a_hair,
}
