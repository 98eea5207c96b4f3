"""Layer normalisation: right and wrong ways to compute its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np


def normalised(x: Any, eps: Any) -> Any:
    """Return the normalised input and the deviation."""
    c = x - x.mean()
    s = np.sqrt(np.mean(c * c) + eps)
    return c / s, s


def through(u: Any, h: Any, s: Any) -> Any:
    """Return the gradient of the input from that of the normalised input."""
    return (u - u.mean() - h * np.mean(u * h)) / s


def backward(
    normalised: Callable[[Any, Any], Any] = normalised,
    through: Callable[[Any, Any, Any], Any] = through,
) -> Callable[..., Any]:
    """Return gradients with another forward pass, or another way back through it."""

    def gradients(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
        h, s = normalised(x, eps)
        return through(G * gamma, h, s), G * h, G.copy()

    return gradients


right = backward()


def loops(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n = len(x)
    mu = sum(x) / n
    v = sum((a - mu) ** 2 for a in x) / n
    s = (v + eps) ** 0.5
    h = [(a - mu) / s for a in x]
    dx = np.zeros(n)
    for i in range(n):
        for k in range(n):
            dx[i] += G[k] * gamma[k] * ((k == i) - 1 / n - h[k] * h[i] / n) / s
    return dx, np.array([g * a for g, a in zip(G, h, strict=True)]), np.array(G)


def jacobian(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n = len(x)
    h, s = normalised(x, eps)
    J = (np.eye(n) - 1 / n - np.outer(h, h) / n) / s
    return np.einsum("k,k,ki->i", G, gamma, J), np.einsum("i,i->i", G, h), 1.0 * G


def step_by_step(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    """Back through each step of the forward pass, as in a graph."""
    n = x.size
    c = x - np.sum(x) / n
    v = np.sum(c**2) / n
    s = np.sqrt(v + eps)
    dh = G * gamma
    dc = dh / s
    ds = -np.sum(dh * c) / s**2
    dv = ds / (2 * s)
    dc = dc + dv * 2 * c / n
    return dc - np.sum(dc) / n, G * c / s, np.copy(G)


def projections(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    """What is left of the signal without its mean, and mostly without its part along x - mu."""
    c = x - np.average(x)
    r = 1 / np.sqrt(c @ c / len(c) + eps)
    u = G * gamma
    u = u - np.average(u)
    u -= c * (r * r * (c @ u) / len(c))
    u *= r
    return u, np.multiply(G, c) * r, G + 0.0


RIGHT = {
    "plain": right,
    "loops": loops,
    "a Jacobian": jacobian,
    "step by step": step_by_step,
    "projections": projections,
}


def centred_by_median(x: Any, eps: Any) -> Any:
    c = x - np.median(x)
    s = np.sqrt(np.mean(c * c) + eps)
    return c / s, s


def sample_variance(x: Any, eps: Any) -> Any:
    c = x - x.mean()
    s = np.sqrt(np.sum(c * c) / max(len(x) - 1, 1) + eps)
    return c / s, s


def eps_outside(x: Any, eps: Any) -> Any:
    c = x - x.mean()
    s = np.sqrt(np.mean(c * c)) + eps
    return c / s, s


def largest_of_variance_and_eps(x: Any, eps: Any) -> Any:
    c = x - x.mean()
    s = np.sqrt(np.maximum(np.mean(c * c), eps))
    return c / s, s


def nothing_where_constant(x: Any, eps: Any) -> Any:
    h, s = normalised(x, eps)
    return h, np.inf if np.ptp(x) == 0 else s


def usual_eps(x: Any, eps: Any) -> Any:
    return normalised(x, 1e-5)


def by_moments(x: Any, eps: Any) -> Any:
    """The variance as a difference of moments, cut at 0, in single precision."""
    y = x.astype(np.float32)
    v = max(float(np.mean(y * y) - np.mean(y) ** 2), 0.0)
    s = np.sqrt(v + eps)
    return (x - x.mean()) / s, s


def gain_late(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    h, s = normalised(x, eps)
    return gamma * through(G, h, s), G * h, G.copy()


def gain_missing(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    h, s = normalised(x, eps)
    return through(G, h, s), G * h, G.copy()


def gain_of_input(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, _, dbeta = right(G, x, gamma, eps)
    return dx, G * x, dbeta


def gain_and_shift_swapped(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma, dbeta = right(G, x, gamma, eps)
    return dx, dbeta, dgamma


def centred_in_place(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    x -= x.mean()
    return right(G, x, gamma, eps)


def one_entry_by_little(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma, dbeta = right(G, x, gamma, eps)
    dgamma[0] *= 1 + 1e-9
    return dx, dgamma, dbeta


def one_feature_as_identity(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma, dbeta = right(G, x, gamma, eps)
    return (G * gamma if len(x) == 1 else dx), dgamma, dbeta


WRONG = {
    "statistics constant": backward(through=lambda u, h, s: u / s),
    "variance constant": backward(through=lambda u, h, s: (u - u.mean()) / s),
    "mean constant": backward(through=lambda u, h, s: (u - h * np.mean(u * h)) / s),
    "sums for means": backward(through=lambda u, h, s: (u - u.sum() - h * np.sum(u * h)) / s),
    "the deviation missing": backward(through=lambda u, h, s: s * through(u, h, s)),
    "the variance for the deviation": backward(through=lambda u, h, s: through(u, h, s) / s),
    "the mean of the signal through h once more": backward(
        through=lambda u, h, s: (u - u.mean() - h * np.mean(u) * np.mean(h)) / s
    ),
    "divided by n - 1": backward(normalised=sample_variance),
    "eps outside of the root": backward(normalised=eps_outside),
    "the larger of variance and eps": backward(normalised=largest_of_variance_and_eps),
    "eps always 1e-5": backward(normalised=usual_eps),
    "nothing where all features are equal": backward(normalised=nothing_where_constant),
    "the median for the mean": backward(normalised=centred_by_median),
    "a variance of moments in single precision": backward(normalised=by_moments),
    "the gain late": gain_late,
    "the gain missing": gain_missing,
    "the input for the normalised input": gain_of_input,
    "gain and shift swapped": gain_and_shift_swapped,
    "centred in place": centred_in_place,
    "one feature passed on": one_feature_as_identity,
    "a factor 1 + 1e-9 in the first gain": one_entry_by_little,
}
