import numpy as np


def network_gradients(W1, b1, w2, b2, X, t):
    h = np.maximum(X @ W1 + b1, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()
