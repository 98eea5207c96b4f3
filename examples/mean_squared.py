import numpy as np

from gradaudit import check_gradient


def loss(X, y, w, b):
    e = X @ w + b - y
    return np.mean(e**2)


def gradient(X, y, w, b):
    e = X @ w + b - y
    return 2 * X.T @ e / len(y), 2 * e.sum()


check_gradient(loss, gradient, inputs="X: [n,d], y: [n], w: [d], b: []", wrt="w b")
