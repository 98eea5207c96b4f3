"""Batch normalisation: right and wrong ways to compute its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np


def normalised(X: Any, eps: Any) -> Any:
    """Return the normalised inputs and the deviations."""
    C = X - X.mean(axis=0)
    s = np.sqrt(np.mean(C * C, axis=0) + eps)
    return C / s, s


def through(G: Any, H: Any, s: Any) -> Any:
    """Return the gradient of the inputs from that of the normalised inputs."""
    return (G - G.mean(axis=0) - H * np.mean(G * H, axis=0)) / s


def backward(
    normalised: Callable[[Any, Any], Any] = normalised,
    through: Callable[[Any, Any, Any], Any] = through,
) -> Callable[..., Any]:
    """Return gradients with another forward pass, or another way back through it."""

    def gradients(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
        H, s = normalised(X, eps)
        return through(G * gamma, H, s), np.sum(G * H, axis=0), np.sum(G, axis=0)

    return gradients


right = backward()


def loops(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    n, m = X.shape
    dX, dgamma, dbeta = np.zeros((n, m)), np.zeros(m), np.zeros(m)
    for a in range(m):
        mu = sum(X[k, a] for k in range(n)) / n
        s = (sum((X[k, a] - mu) ** 2 for k in range(n)) / n + eps) ** 0.5
        h = [(X[k, a] - mu) / s for k in range(n)]
        for k in range(n):
            dgamma[a] += G[k, a] * h[k]
            dbeta[a] += G[k, a]
        for k in range(n):
            dX[k, a] = gamma[a] / s * (G[k, a] - dbeta[a] / n - h[k] * dgamma[a] / n)
    return dX, dgamma, dbeta


def step_by_step(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    """Back through each step of the forward pass, as in a graph."""
    n = len(X)
    C = X - np.sum(X, axis=0) / n
    s = np.sqrt(np.sum(C**2, axis=0) / n + eps)
    dH = G * gamma
    dC = dH / s
    dv = -0.5 * np.sum(dH * C, axis=0) / s**3
    dC += 2 * C * dv / n
    return dC - np.sum(dC, axis=0) / n, np.sum(G * C, axis=0) / s, np.ones(n) @ G


def jacobians(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    n = len(X)
    H, s = normalised(X, eps)
    J = np.eye(n)[:, :, None] - 1 / n - np.einsum("ka,ia->kia", H, H) / n
    dX = np.einsum("ka,a,kia,a->ia", G, gamma, J, 1 / s)
    return dX, np.einsum("ka,ka->a", G, H), np.einsum("ka->a", G)


def feature_by_feature(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    dX = np.empty_like(X)
    dgamma, dbeta = np.empty_like(gamma), np.empty_like(gamma)
    for a, (x, g) in enumerate(zip(X.T, G.T, strict=True)):
        c = x - np.average(x)
        r = 1 / np.sqrt(c @ c / len(c) + eps)
        u = g - np.average(g)
        dX[:, a] = gamma[a] * r * (u - c * (r * r * (c @ u) / len(c)))
        dgamma[a] = r * (g @ c)
        dbeta[a] = np.sum(g)
    return dX, dgamma, dbeta


RIGHT = {
    "plain": right,
    "loops": loops,
    "step by step": step_by_step,
    "Jacobians": jacobians,
    "feature by feature": feature_by_feature,
}


def sample_variance(X: Any, eps: Any) -> Any:
    C = X - X.mean(axis=0)
    s = np.sqrt(np.sum(C * C, axis=0) / max(len(X) - 1, 1) + eps)
    return C / s, s


def over_features(X: Any, eps: Any) -> Any:
    C = X - X.mean(axis=1, keepdims=True)
    s = np.sqrt(np.mean(C * C, axis=1, keepdims=True) + eps)
    return C / s, s


def over_everything(X: Any, eps: Any) -> Any:
    C = X - X.mean()
    s = np.sqrt(np.mean(C * C) + eps)
    return C / s, s


def eps_outside(X: Any, eps: Any) -> Any:
    C = X - X.mean(axis=0)
    s = np.sqrt(np.mean(C * C, axis=0)) + eps
    return C / s, s


def largest_of_variance_and_eps(X: Any, eps: Any) -> Any:
    C = X - X.mean(axis=0)
    s = np.sqrt(np.maximum(np.mean(C * C, axis=0), eps))
    return C / s, s


def dead_features_off(X: Any, eps: Any) -> Any:
    H, s = normalised(X, eps)
    return H, np.where(np.ptp(X, axis=0) == 0, np.inf, s)


def one_sample_passed_on(X: Any, eps: Any) -> Any:
    return normalised(X, eps) if len(X) > 1 else (X, np.ones(X.shape[1]))


def gain_and_shift_averaged(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    dX, dgamma, dbeta = right(G, X, gamma, eps)
    return dX, dgamma / len(X), dbeta / len(X)


def gain_missing(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    H, s = normalised(X, eps)
    return through(G, H, s), np.sum(G * H, axis=0), np.sum(G, axis=0)


def gain_inside_the_statistics(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    H, s = normalised(X, eps)
    Y = gamma * H
    return through(G * gamma, Y, s), np.sum(G * H, axis=0), np.sum(G, axis=0)


def gain_of_inputs(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    dX, _, dbeta = right(G, X, gamma, eps)
    return dX, np.sum(G * X, axis=0), dbeta


def first_three_samples(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    dX, _, _ = right(G, X, gamma, eps)
    H, _ = normalised(X, eps)
    return dX, np.sum((G * H)[:3], axis=0), np.sum(G[:3], axis=0)


def centred_in_place(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    X -= X.mean(axis=0)
    return right(G, X, gamma, eps)


def one_entry_by_little(G: Any, X: Any, gamma: Any, eps: Any) -> Any:
    dX, dgamma, dbeta = right(G, X, gamma, eps)
    dbeta[-1] *= 1 + 1e-9
    return dX, dgamma, dbeta


WRONG = {
    "statistics constant": backward(through=lambda G, H, s: G / s),
    "variance constant": backward(through=lambda G, H, s: (G - G.mean(axis=0)) / s),
    "mean constant": backward(through=lambda G, H, s: (G - H * np.mean(G * H, axis=0)) / s),
    "sums for means": backward(
        through=lambda G, H, s: (G - G.sum(axis=0) - H * np.sum(G * H, axis=0)) / s
    ),
    "means over everything": backward(
        through=lambda G, H, s: (G - G.mean() - H * np.mean(G * H)) / s
    ),
    "the deviation missing": backward(through=lambda G, H, s: s * through(G, H, s)),
    "divided by n - 1": backward(normalised=sample_variance),
    "over the features": backward(normalised=over_features),
    "over everything": backward(normalised=over_everything),
    "eps outside of the root": backward(normalised=eps_outside),
    "the larger of variance and eps": backward(normalised=largest_of_variance_and_eps),
    "eps always 1e-5": backward(normalised=lambda X, eps: normalised(X, 1e-5)),
    "features without spread switched off": backward(normalised=dead_features_off),
    "one sample passed on": backward(normalised=one_sample_passed_on),
    "gain and shift averaged": gain_and_shift_averaged,
    "the gain missing": gain_missing,
    "the gain inside of the statistics": gain_inside_the_statistics,
    "the inputs for the normalised inputs": gain_of_inputs,
    "the first three samples": first_three_samples,
    "centred in place": centred_in_place,
    "a factor 1 + 1e-9 in the last shift": one_entry_by_little,
}
