"""Functions that answer the question of the hinge loss, right and wrong."""

from typing import Any

import numpy as np


def by_mask(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    on = t * (X @ w + b) < 1
    s = -(t * on) / len(t)
    return lam * w + X.T @ s, s.sum()


def loops(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    dw, db = lam * w, 0.0
    for x, label in zip(X, t, strict=True):
        if 1 - label * (w @ x + b) > 0:
            dw -= label * x / len(X)
            db -= label / len(X)
    return dw, np.float64(db)


def one_at_the_kink(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    chosen = 1 - t * (X @ w + b) >= 0
    dw = w * lam - (X[chosen] * t[chosen, None]).sum(axis=0) / len(t)
    return dw, -t[chosen].sum() / len(t)


def half_at_the_kink(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    s = np.heaviside(1 - t * (X @ w + b), 0.5) * -t
    return np.einsum("ka,k->a", X, s) / t.size + lam * w, np.mean(s)


RIGHT = {
    "a mask": by_mask,
    "loops": loops,
    "the samples chosen, 1 at the kink": one_at_the_kink,
    "einsum, half at the kink": half_at_the_kink,
}


def perceptron(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    s = -(t * (t * (X @ w + b) < 0)) / len(t)
    return lam * w + X.T @ s, s.sum()


def hinge_squared(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    s = -2 * t * np.maximum(1 - t * (X @ w + b), 0) / len(t)
    return lam * w + X.T @ s, s.sum()


def bias_penalised(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    dw, db = by_mask(X, w, b, t, lam)
    return dw, db + lam * b


def penalty_doubled(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    dw, db = by_mask(X, w, b, t, lam)
    return dw + lam * w, db


def averaged_over_the_violations(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    on = t * (X @ w + b) < 1
    s = -(t * on) / max(on.sum(), 1)
    return lam * w + X.T @ s, s.sum()


def two_at_the_kink(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    m = 1 - t * (X @ w + b)
    s = -t * ((m > 0) + 2.0 * (m == 0)) / len(t)
    return lam * w + X.T @ s, s.sum()


def against_the_kink(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    m = 1 - t * (X @ w + b)
    s = -t * ((m > 0) - 0.5 * (m == 0)) / len(t)
    return lam * w + X.T @ s, s.sum()


def zero_one_labels(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    return by_mask(X, w, b, (t > 0).astype(float), lam)


def last_sample_skipped(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    s = -(t * (t * (X @ w + b) < 1)) / len(t)
    return lam * w + X[:-1].T @ s[:-1], s[:-1].sum()


def repeated_samples_once(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    _, first = np.unique(np.column_stack([X, t]), axis=0, return_index=True)
    s = np.zeros(len(t))
    s[first] = -(t * (t * (X @ w + b) < 1))[first] / len(t)
    return lam * w + X.T @ s, s.sum()


def first_weight_off_by_a_hair(X: Any, w: Any, b: Any, t: Any, lam: Any) -> Any:
    dw, db = by_mask(X, w, b, t, lam)
    dw[0] *= 1 + 1e-9
    return dw, db


WRONG = {
    "the perceptron's rule": perceptron,
    "the hinge squared": hinge_squared,
    "the bias penalised": bias_penalised,
    "the penalty doubled": penalty_doubled,
    "averaged over the violations": averaged_over_the_violations,
    "slope 2 at the kink": two_at_the_kink,
    "slope -1/2 at the kink": against_the_kink,
    "labels taken as 0 and 1": zero_one_labels,
    "the last sample skipped": last_sample_skipped,
    "repeated samples counted once": repeated_samples_once,
    "the first weight off by 1e-9": first_weight_off_by_a_hair,
}
