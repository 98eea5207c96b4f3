"""Functions that answer the question of label smoothing, right and wrong."""

from typing import Any

import numpy as np


def _softmax(Y: Any) -> Any:
    E = np.exp(Y - Y.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _smoothed(Y: Any, labels: Any, alpha: Any) -> Any:
    n, m = Y.shape
    T = np.full((n, m), alpha / m)
    T[np.arange(n), labels] += 1 - alpha
    return T


def by_labels(Y: Any, labels: Any, alpha: Any) -> Any:
    return (_softmax(Y) - _smoothed(Y, labels, alpha)) / len(Y)


def in_place(Y: Any, labels: Any, alpha: Any) -> Any:
    G = _softmax(Y)
    G -= alpha / Y.shape[1]
    G[range(len(Y)), labels] -= 1 - alpha
    G /= len(Y)
    return G


def loops(Y: Any, labels: Any, alpha: Any) -> Any:
    n, m = Y.shape
    G = np.zeros_like(Y)
    for i in range(n):
        top = max(Y[i])
        total = sum(np.exp(Y[i, k] - top) for k in range(m))
        for k in range(m):
            p = np.exp(Y[i, k] - top) / total
            t = (1 - alpha) * (k == labels[i]) + alpha / m
            G[i, k] = (p - t) / n
    return G


def two_cross_entropies(Y: Any, labels: Any, alpha: Any) -> Any:
    P = np.exp(Y - np.logaddexp.reduce(Y, axis=1, keepdims=True))
    hard = P - np.eye(Y.shape[1])[labels]
    even = P - 1 / Y.shape[1]
    return ((1 - alpha) * hard + alpha * even) / len(Y)


RIGHT = {
    "the smoothed labels": by_labels,
    "in place": in_place,
    "loops": loops,
    "of two cross-entropies": two_cross_entropies,
}


def not_smoothed(Y: Any, labels: Any, alpha: Any) -> Any:
    return by_labels(Y, labels, 0.0)


def spread_over_the_others(Y: Any, labels: Any, alpha: Any) -> Any:
    n, m = Y.shape
    T = np.full((n, m), alpha / max(m - 1, 1))
    T[np.arange(n), labels] = 1 - alpha
    return (_softmax(Y) - T) / n


def true_class_set(Y: Any, labels: Any, alpha: Any) -> Any:
    T = np.full(Y.shape, alpha / Y.shape[1])
    T[np.arange(len(Y)), labels] = 1 - alpha
    return (_softmax(Y) - T) / len(Y)


def alpha_not_divided(Y: Any, labels: Any, alpha: Any) -> Any:
    T = (1 - alpha) * np.eye(Y.shape[1])[labels] + alpha
    return (_softmax(Y) - T) / len(Y)


def summed(Y: Any, labels: Any, alpha: Any) -> Any:
    return by_labels(Y, labels, alpha) * len(Y)


def divided_by_the_classes(Y: Any, labels: Any, alpha: Any) -> Any:
    return by_labels(Y, labels, alpha) * len(Y) / Y.shape[1]


def over_the_samples(Y: Any, labels: Any, alpha: Any) -> Any:
    return (_softmax(Y.T).T - _smoothed(Y, labels, alpha)) / len(Y)


def one_class_for_all(Y: Any, labels: Any, alpha: Any) -> Any:
    G = _softmax(Y) - alpha / Y.shape[1]
    G[:, labels[0]] -= 1 - alpha
    return G / len(Y)


def columns_of_all_labels(Y: Any, labels: Any, alpha: Any) -> Any:
    G = _softmax(Y) - alpha / Y.shape[1]
    G[:, labels] -= 1 - alpha
    return G / len(Y)


def classes_from_one(Y: Any, labels: Any, alpha: Any) -> Any:
    return by_labels(Y, labels - 1, alpha)


def probabilities_clipped(Y: Any, labels: Any, alpha: Any) -> Any:
    P = np.clip(_softmax(Y), 1e-7, 1 - 1e-7)
    return (P - _smoothed(Y, labels, alpha)) / len(Y)


def four_classes_at_most(Y: Any, labels: Any, alpha: Any) -> Any:
    T = np.zeros(Y.shape)
    T[:, :4] = alpha / min(4, Y.shape[1])
    T[np.arange(len(Y)), labels] += 1 - alpha
    return (_softmax(Y) - T) / len(Y)


def overflowing(Y: Any, labels: Any, alpha: Any) -> Any:
    P = np.exp(Y) / np.exp(Y).sum()
    return (P - _smoothed(Y, labels, alpha)) / len(Y)


def one_entry_off_by_a_hair(Y: Any, labels: Any, alpha: Any) -> Any:
    G = by_labels(Y, labels, alpha)
    G[0, -1] *= 1 + 1e-9
    return G


WRONG = {
    "not smoothed": not_smoothed,
    "spread over the other classes": spread_over_the_others,
    "the true class set to 1 - alpha": true_class_set,
    "alpha not divided": alpha_not_divided,
    "summed": summed,
    "divided by the classes": divided_by_the_classes,
    "a softmax over the samples": over_the_samples,
    "the first label for all": one_class_for_all,
    "the columns of all labels": columns_of_all_labels,
    "classes counted from one": classes_from_one,
    "probabilities clipped": probabilities_clipped,
    "spread over four classes at most": four_classes_at_most,
    "one softmax over everything": overflowing,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
