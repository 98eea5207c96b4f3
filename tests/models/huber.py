"""Functions that answer the question of the Huber loss, right and wrong."""

from typing import Any

import numpy as np


def clipped(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    psi = np.clip(X @ w + b - t, -kappa, kappa)
    return X.T @ psi / len(t), psi.mean()


def loops(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    n, d = X.shape
    dw, db = np.zeros(d), 0.0
    for k in range(n):
        r = sum(X[k, a] * w[a] for a in range(d)) + b - t[k]
        slope = r if abs(r) <= kappa else kappa if r > 0 else -kappa
        db += slope / n
        for a in range(d):
            dw[a] += slope * X[k, a] / n
    return dw, np.float64(db)


def by_masks(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = np.einsum("ka,a->k", X, w) + (b - t)
    outside = np.abs(r) > kappa
    r[outside] = kappa * np.sign(r[outside])
    return np.einsum("ka,k->a", X, r) / r.size, np.sum(r) / r.size


def weighted(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    weights = kappa / np.maximum(np.abs(r), kappa)
    return (weights * r) @ X / len(r), np.average(weights * r)


RIGHT = {
    "the residual clipped": clipped,
    "loops": loops,
    "masks and einsum": by_masks,
    "as reweighted least squares": weighted,
}


def squared(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    return X.T @ r / len(t), r.mean()


def without_the_threshold(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    psi = np.where(np.abs(r) <= kappa, r, np.sign(r))
    return X.T @ psi / len(t), psi.mean()


def without_the_absolute_value(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    psi = np.where(r <= kappa, r, kappa)
    return X.T @ psi / len(t), psi.mean()


def zero_at_the_seam(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    psi = r * (np.abs(r) < kappa) + kappa * np.sign(r) * (np.abs(r) > kappa)
    return X.T @ psi / len(t), psi.mean()


def summed_bias(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    psi = np.clip(X @ w + b - t, -kappa, kappa)
    return X.T @ psi / len(t), psi.sum()


def divided_by_all_entries(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    psi = np.clip(X @ w + b - t, -kappa, kappa)
    return X.T @ psi / X.size, psi.mean()


def errors_of_every_pair(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    psi = np.clip((X @ w + b)[:, None] - t, -kappa, kappa)
    return X.T @ psi.mean(axis=1) / len(t), psi.mean()


def relative_to_the_largest(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    psi = np.clip(r, -kappa * np.abs(r).max(), kappa * np.abs(r).max())
    return X.T @ psi / len(t), psi.mean()


def at_most_one_sample_outside(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    psi = X @ w + b - t
    worst = np.argmax(np.abs(psi))
    psi[worst] = np.clip(psi[worst], -kappa, kappa)
    return X.T @ psi / len(t), psi.mean()


def threshold_with_a_margin(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    r = X @ w + b - t
    psi = np.where(np.abs(r) < kappa + 1e-3, r, kappa * np.sign(r))
    return X.T @ psi / len(t), psi.mean()


def one_weight_off_by_a_hair(X: Any, w: Any, b: Any, t: Any, kappa: Any) -> Any:
    dw, db = clipped(X, w, b, t, kappa)
    dw[-1] *= 1 + 1e-9
    return dw, db


WRONG = {
    "of the squared loss": squared,
    "slope 1 beyond the threshold": without_the_threshold,
    "compared without the absolute value": without_the_absolute_value,
    "nothing exactly at the threshold": zero_at_the_seam,
    "the bias summed": summed_bias,
    "divided by the number of entries of X": divided_by_all_entries,
    "errors of shape (n, n)": errors_of_every_pair,
    "a threshold relative to the largest residual": relative_to_the_largest,
    "only the largest residual clipped": at_most_one_sample_outside,
    "a threshold with a margin": threshold_with_a_margin,
    "the last weight off by 1e-9": one_weight_off_by_a_hair,
}
