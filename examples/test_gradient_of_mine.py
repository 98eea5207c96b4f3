"""In a project's own tests: one declaration, and pytest collects a test for each law."""

import numpy as np

from gradaudit import gradient_test


def loss(W1, b1, w2, b2, X, t):
    hidden = np.tanh(X @ W1 + b1)
    return np.mean((hidden @ w2 + b2 - t) ** 2) / 2


def gradient(W1, b1, w2, b2, X, t):
    hidden = np.tanh(X @ W1 + b1)
    error = (hidden @ w2 + b2 - t) / len(t)
    inner = np.outer(error, w2) * (1 - hidden**2)
    return X.T @ inner, inner.sum(axis=0), hidden.T @ error, error.sum()


test_gradient = gradient_test(
    loss,
    gradient,
    "W1: [d,h], b1: [h], w2: [h], b2: [], X: [n,d], t: [n]",
    wrt="W1 b1 w2 b2",
)
