"""Multinomial logistic regression: right and wrong ways to compute its gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def softmax(Z: Any, axis: int | None = 1) -> Any:
    """Return softmax along an axis, of shifted logits."""
    Q = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return Q / Q.sum(axis=axis, keepdims=True)


def with_error(error: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return gradients with another error, error(Z, T)."""

    def gradients(X: Any, W: Any, b: Any, T: Any) -> Any:
        D = error(X @ W + b, T)
        return X.T @ D, D.sum(axis=0)

    return gradients


right = with_error(lambda Z, T: softmax(Z) - T)


def loops(X: Any, W: Any, b: Any, T: Any) -> Any:
    (n, m), classes = X.shape, len(b)
    dW, db = np.zeros((m, classes)), np.zeros(classes)
    for k in range(n):
        z = [sum(X[k, a] * W[a, j] for a in range(m)) + b[j] for j in range(classes)]
        q = [math.exp(z[j] - max(z)) for j in range(classes)]
        for j in range(classes):
            e = q[j] / sum(q) - T[k, j]
            db[j] += e
            for a in range(m):
                dW[a, j] += e * X[k, a]
    return dW, db


def by_the_logarithm(X: Any, W: Any, b: Any, T: Any) -> Any:
    Z = X @ W + b
    top = Z.max(axis=1)
    lse = top + np.log(np.exp(Z - top[:, None]).sum(axis=1))
    D = np.exp(Z - lse[:, None]) - T
    return np.einsum("ka,kj->aj", X, D), D.sum(axis=0)


def row_of_ones(X: Any, W: Any, b: Any, T: Any) -> Any:
    ones = np.ones((len(X), 1))
    XX, WW = np.concatenate([X, ones], axis=1), np.concatenate([W, b[None]])
    g = XX.T @ (softmax(XX @ WW) - T)
    return g[:-1].copy(), g[-1].copy()


def sample_by_sample(X: Any, W: Any, b: Any, T: Any) -> Any:
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for x, t in zip(X, T, strict=True):
        z = x @ W + b
        p = np.exp(z - np.max(z))
        p /= p.sum()
        p -= t
        dW += np.outer(x, p)
        db += p
    return dW, db


def targets_summed(X: Any, W: Any, b: Any, T: Any) -> Any:
    D = softmax(X @ W + b) * T.sum(axis=1, keepdims=True) - T
    return (D.T @ X).T.copy(), D.sum(axis=0)


RIGHT = {
    "plain": right,
    "loops": loops,
    "by the logarithm of the sum": by_the_logarithm,
    "a row of ones for the biases": row_of_ones,
    "sample by sample": sample_by_sample,
    "times the sum of the targets": targets_summed,
}


def true_class_by_argmax(Z: Any, T: Any) -> Any:
    return softmax(Z) - (T.max(axis=1, keepdims=True) == T)


def ties_dropped(Z: Any, T: Any) -> Any:
    top = Z.max(axis=1, keepdims=True) == Z
    return softmax(np.where(top & (top.sum(axis=1, keepdims=True) > 1), Z - 1e-6, Z)) - T


def first_samples(X: Any, W: Any, b: Any, T: Any) -> Any:
    return right(X[:3], W, b, T[:3])


def first_three_classes(Z: Any, T: Any) -> Any:
    D = softmax(Z) - T
    D[:, 3:] = 0
    return D


def bias_of_one_sample(X: Any, W: Any, b: Any, T: Any) -> Any:
    D = softmax(X @ W + b) - T
    return X.T @ D, D[-1].copy()


def bias_averaged(X: Any, W: Any, b: Any, T: Any) -> Any:
    D = softmax(X @ W + b) - T
    return X.T @ D, D.mean(axis=0)


def transposed(X: Any, W: Any, b: Any, T: Any) -> Any:
    D = softmax(X @ W + b) - T
    return D.T @ X, D.sum(axis=0)


def without_bias(X: Any, W: Any, b: Any, T: Any) -> Any:
    return right(X, W, 0 * b, T)


def one_entry_by_little(X: Any, W: Any, b: Any, T: Any) -> Any:
    dW, db = right(X, W, b, T)
    dW[-1, -1] *= 1 + 1e-9
    return dW, db


def targets_changed(X: Any, W: Any, b: Any, T: Any) -> Any:
    T -= softmax(X @ W + b)
    return -X.T @ T, -T.sum(axis=0)


def sigmoid(Z: Any) -> Any:
    return np.exp(-np.logaddexp(0, -Z))


WRONG = {
    "softmax along the samples": with_error(lambda Z, T: softmax(Z, axis=0) - T),
    "softmax over everything": with_error(lambda Z, T: softmax(Z, axis=None) - T),
    "a sigmoid each": with_error(lambda Z, T: sigmoid(Z) - T),
    "softmax twice": with_error(lambda Z, T: softmax(softmax(Z)) - T),
    "logits": with_error(lambda Z, T: Z - T),
    "T - P": with_error(lambda Z, T: T - softmax(Z)),
    "the diagonal of the Jacobian only": with_error(lambda Z, T: -T * (1 - softmax(Z))),
    "mean for sum": with_error(lambda Z, T: (softmax(Z) - T) / len(T)),
    "1 subtracted everywhere": with_error(lambda Z, T: softmax(Z) - 1),
    "the largest target taken for 1": with_error(true_class_by_argmax),
    "targets clipped at 1": with_error(lambda Z, T: softmax(Z) - np.clip(T, 0, 1)),
    "probabilities clipped at 1e-6": with_error(lambda Z, T: np.maximum(softmax(Z), 1e-6) - T),
    "a sum of exponentials plus 1e-8": with_error(lambda Z, T: softmax(Z) / (1 + 1e-8) - T),
    "tied logits moved": with_error(ties_dropped),
    "classes beyond the third dropped": with_error(first_three_classes),
    "the first three samples": first_samples,
    "biases of the last sample": bias_of_one_sample,
    "biases averaged": bias_averaged,
    "transposed": transposed,
    "no biases": without_bias,
    "targets changed in place": targets_changed,
    "a factor 1 + 1e-9 in the last weight": one_entry_by_little,
}
