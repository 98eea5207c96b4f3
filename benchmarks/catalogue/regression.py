"""Regression and generalised linear models: losses of weights, with data that do not move."""

import numpy as np
from scipy.special import digamma, gammaln

from benchmarks.catalogue.pair import Array, Field

field = Field("regression and GLMs")


def sigmoid(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


# Logistic regression: the mean negative log-likelihood of labels in {0, 1}, and an L2 penalty.


def logistic_loss(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z) + 0.5 * lam * np.sum(w * w)


LOGISTIC = "X: [n,d], y: bool[n], w: [d], b: [], lam: nonnegative"


@field.right(logistic_loss, LOGISTIC, wrt="w b")
def logistic(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ r + lam * w, r.sum()


@field.wrong(
    logistic,
    "the residual has the wrong sign",
    source="https://github.com/HIPS/autograd/issues/412: y - p where p - y belongs",
)
def logistic_sign(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (y - sigmoid(X @ w + b)) / len(y)
    return X.T @ r + lam * w, r.sum()


@field.wrong(logistic, "a sum where the loss has a mean")
def logistic_sum_for_mean(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = sigmoid(X @ w + b) - y
    return X.T @ r + lam * w, r.sum()


@field.wrong(logistic, "the penalty is forgotten in the gradient")
def logistic_without_penalty(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ r, r.sum()
