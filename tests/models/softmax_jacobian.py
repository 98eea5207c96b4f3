"""The Jacobian of softmax: right and wrong ways to compute it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def softmax(y: Any) -> Any:
    """Return softmax, of shifted logits."""
    q = np.exp(y - y.max())
    return q / q.sum()


def of(jacobian: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of the logits, given one of their probabilities."""
    return lambda y: jacobian(softmax(y))


right = of(lambda p: np.diag(p) - np.outer(p, p))


def loops(y: Any) -> Any:
    n, top = len(y), max(y)
    q = [math.exp(v - top) for v in y]
    p = [v / sum(q) for v in q]
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            J[i, j] = p[i] * (1 - p[i]) if i == j else -p[i] * p[j]
    return J


def einsum(y: Any) -> Any:
    p = softmax(y)
    return np.einsum("i,ij->ij", p, np.eye(len(p)) - p)


def diagonal_from_the_others(y: Any) -> Any:
    p = softmax(y)
    J = -np.outer(p, p)
    np.fill_diagonal(J, 0)
    np.fill_diagonal(J, -J.sum(axis=1))
    return J


def by_the_logarithm(y: Any) -> Any:
    p = np.exp(y - np.logaddexp.reduce(y))
    return p[:, None] * (np.eye(len(p)) - p[None, :])


def in_place(y: Any) -> Any:
    p = softmax(y)
    J = np.multiply.outer(-p, p)
    J[np.diag_indices(len(p))] += p
    return J


RIGHT = {
    "diag(p) - outer(p, p)": right,
    "loops": loops,
    "einsum": einsum,
    "the diagonal from the others": diagonal_from_the_others,
    "by the logarithm of the sum": by_the_logarithm,
    "in place": in_place,
}


def equal_values_for_equal_indices(p: Any) -> Any:
    return np.where(p[:, None] == p, p * (1 - p), -np.outer(p, p))


def classes_beyond_the_third(p: Any) -> Any:
    J = np.diag(p) - np.outer(p, p)
    J[3:] = 0
    return J


def one_entry_by_little(p: Any) -> Any:
    J = np.diag(p) - np.outer(p, p)
    J[0, -1] *= 1 + 1e-9
    return J


def symmetric_by_halves(p: Any) -> Any:
    J = np.triu(np.diag(p) - np.outer(p, p))
    return J + J.T  # the diagonal twice


def shift_differentiated(y: Any) -> Any:
    p = softmax(y)
    J = np.diag(p) - np.outer(p, p)
    J[:, np.argmax(y)] -= p
    return J


def largest_by_equality(y: Any) -> Any:
    q = np.exp(y - y.max()) * np.where(y == y.max(), 1 / np.sum(y == y.max()), 1)
    p = q / q.sum()
    return np.diag(p) - np.outer(p, p)


def shifted_in_place(y: Any) -> Any:
    y -= y.max()
    return right(y)


def far_logits_cut(y: Any) -> Any:
    return right(np.maximum(y, y.max() - 10))


def logits_clipped(y: Any) -> Any:
    return right(np.clip(y, -50, 50))


def sigmoid_for_softmax(y: Any) -> Any:
    p = np.exp(-np.logaddexp(0, -y))
    return np.diag(p) - np.outer(p, p)


WRONG = {
    "a sigmoid each": sigmoid_for_softmax,
    "the diagonal only": of(lambda p: np.diag(p * (1 - p))),
    "the sign beside the diagonal": of(
        lambda p: np.diag(p * (1 - p)) + np.outer(p, p) * (1 - np.eye(len(p)))
    ),
    "every sign": of(lambda p: np.outer(p, p) - np.diag(p)),
    "of the logarithm of softmax": of(lambda p: np.eye(len(p)) - p),
    "p broadcast": of(lambda p: p - np.outer(p, p)),
    "an identity for diag(p)": of(lambda p: np.eye(len(p)) - np.outer(p, p)),
    "p (1 - p) in every row": of(lambda p: np.tile(p * (1 - p), (len(p), 1))),
    "p (1 - p) as a vector": of(lambda p: p * (1 - p)),
    "equal values taken for equal indices": of(equal_values_for_equal_indices),
    "probabilities clipped at 1e-6": of(lambda p: np.diag(np.maximum(p, 1e-6)) - np.outer(p, p)),
    "classes beyond the third": of(classes_beyond_the_third),
    "a factor 1 + 1e-9 in one entry": of(one_entry_by_little),
    "the diagonal twice": of(symmetric_by_halves),
    "the shift by the largest differentiated": shift_differentiated,
    "tied largest logits share one place": largest_by_equality,
    "logits far below the largest cut": far_logits_cut,
    "logits clipped at 50": logits_clipped,
    "logits shifted in place": shifted_in_place,
}
