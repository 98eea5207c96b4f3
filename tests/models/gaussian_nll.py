"""Functions that answer the question of the Gaussian log-likelihood, right and wrong."""

from typing import Any

import numpy as np


def by_inverse(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S)
    Y = (X - mu) @ P
    return -Y.sum(axis=0), (len(X) * P - Y.T @ Y) / 2


def by_solving(X: Any, mu: Any, S: Any) -> Any:
    Y = np.linalg.solve(S, (X - mu).T)
    P = np.linalg.solve(S, np.eye(len(S)))
    return -Y.sum(axis=1), (X.shape[0] * P - np.einsum("ik,jk->ij", Y, Y)) / 2


def by_cholesky(X: Any, mu: Any, S: Any) -> Any:
    root = np.linalg.inv(np.linalg.cholesky(S))
    Y = (X - mu) @ root.T @ root
    return -np.einsum("ki->i", Y), 0.5 * (len(X) * root.T @ root - Y.T @ Y)


def sample_by_sample(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S)
    dmu, dS = np.zeros_like(mu), np.zeros_like(S)
    for x in X:
        y = P @ (x - mu)
        dmu -= y
        dS += 0.5 * (P - np.outer(y, y))
    return dmu, dS


RIGHT = {
    "the inverse": by_inverse,
    "solving": by_solving,
    "Cholesky's root": by_cholesky,
    "sample by sample": sample_by_sample,
}


def inverse_missing(X: Any, mu: Any, S: Any) -> Any:
    P, r = np.linalg.inv(S), X - mu
    return -(r @ P).sum(axis=0), (len(X) * P - r.T @ r) / 2


def determinant_once(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S)
    Y = (X - mu) @ P
    return -Y.sum(axis=0), (P - Y.T @ Y) / 2


def along_symmetric_moves(X: Any, mu: Any, S: Any) -> Any:
    dmu, dS = by_inverse(X, mu, S)
    return dmu, 2 * dS - np.diag(np.diag(dS))


def diagonal_only(X: Any, mu: Any, S: Any) -> Any:
    return by_inverse(X, mu, np.diag(np.diag(S)))


def with_jitter(X: Any, mu: Any, S: Any) -> Any:
    return by_inverse(X, mu, S + 1e-6 * np.eye(len(S)))


def about_the_sample_mean(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S)
    Y = (X - X.mean(axis=0)) @ P
    return -((X - mu) @ P).sum(axis=0), (len(X) * P - Y.T @ Y) / 2


def total_squared(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S)
    y = ((X - mu) @ P).sum(axis=0)
    return -y, (len(X) * P - np.outer(y, y)) / 2


def in_float32(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.inv(S.astype(np.float32)).astype(np.float64)
    Y = (X - mu) @ P
    return -Y.sum(axis=0), (len(X) * P - Y.T @ Y) / 2


def lower_triangle(X: Any, mu: Any, S: Any) -> Any:
    dmu, dS = by_inverse(X, mu, S)
    return dmu, np.tril(dS)


def small_eigenvalues_cut(X: Any, mu: Any, S: Any) -> Any:
    P = np.linalg.pinv(S, rcond=0.05)
    Y = (X - mu) @ P
    return -Y.sum(axis=0), (len(X) * P - Y.T @ Y) / 2


def one_entry_off_by_a_hair(X: Any, mu: Any, S: Any) -> Any:
    dmu, dS = by_inverse(X, mu, S)
    dS[-1, 0] *= 1 + 1e-9
    return dmu, dS


WRONG = {
    "no inverses around the errors": inverse_missing,
    "the log-determinant once": determinant_once,
    "entries off the diagonal twice": along_symmetric_moves,
    "only the variances": diagonal_only,
    "jitter on the diagonal": with_jitter,
    "about the sample mean": about_the_sample_mean,
    "the errors added before they are squared": total_squared,
    "an inverse in float32": in_float32,
    "only the lower triangle": lower_triangle,
    "small eigenvalues cut off": small_eigenvalues_cut,
    "one covariance off by 1e-9": one_entry_off_by_a_hair,
}
