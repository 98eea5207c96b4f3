"""Functions that answer the question of the absolute loss, right and wrong."""

from typing import Any

import numpy as np


def by_sign(X: Any, w: Any, b: Any, t: Any) -> Any:
    s = np.sign(X @ w + b - t)
    return X.T @ s, s.sum()


def loops(X: Any, w: Any, b: Any, t: Any) -> Any:
    dw, db = np.zeros(len(w)), 0.0
    for k in range(len(X)):
        r = float(np.dot(X[k], w) + b - t[k])
        if r > 0:
            dw += X[k]
            db += 1
        elif r < 0:
            dw -= X[k]
            db -= 1
    return dw, np.float64(db)


def one_at_zero(X: Any, w: Any, b: Any, t: Any) -> Any:
    s = np.where(X @ w + b >= t, 1.0, -1.0)
    return np.einsum("ka,k->a", X, s), np.einsum("k->", s)


def sides_apart(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    above, below = X[r > 0], X[r < 0]
    return above.sum(axis=0) - below.sum(axis=0), np.float64(len(above) - len(below))


RIGHT = {
    "signs": by_sign,
    "loops": loops,
    "plus or minus 1, plus at zero": one_at_zero,
    "the two sides apart": sides_apart,
}


def of_the_squares(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    return X.T @ r, r.sum()


def step(X: Any, w: Any, b: Any, t: Any) -> Any:
    s = (X @ w + b > t).astype(float)
    return X.T @ s, s.sum()


def averaged(X: Any, w: Any, b: Any, t: Any) -> Any:
    dw, db = by_sign(X, w, b, t)
    return dw / len(t), db / len(t)


def divided_by_the_error(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    s = r / np.abs(r)
    return X.T @ s, s.sum()


def two_at_zero(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    s = np.sign(r) + 2.0 * (r == 0)
    return X.T @ s, s.sum()


def smoothed(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    s = r / np.sqrt(r * r + 1e-6)
    return X.T @ s, s.sum()


def dead_zone(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    s = np.sign(r) * (np.abs(r) > 1e-3)
    return X.T @ s, s.sum()


def bias_one_sample(X: Any, w: Any, b: Any, t: Any) -> Any:
    s = np.sign(X @ w + b - t)
    return X.T @ s, s[0]


def sample_lost_where_equal(X: Any, w: Any, b: Any, t: Any) -> Any:
    r = X @ w + b - t
    s = np.sign(r)
    s[1:][r[1:] == r[:-1]] = 0
    return X.T @ s, s.sum()


def last_weight_off_by_a_hair(X: Any, w: Any, b: Any, t: Any) -> Any:
    dw, db = by_sign(X, w, b, t)
    dw[-1] *= 1 + 1e-9
    return dw, db


WRONG = {
    "of half the squares": of_the_squares,
    "1 or 0 for plus or minus 1": step,
    "averaged": averaged,
    "the error over its absolute value": divided_by_the_error,
    "slope 2 at zero": two_at_zero,
    "a smoothed absolute value": smoothed,
    "small errors taken for zero": dead_zone,
    "the bias of one sample": bias_one_sample,
    "equal neighbours counted once": sample_lost_where_equal,
    "the last weight off by 1e-9": last_weight_off_by_a_hair,
}
