"""Root mean square normalisation: right and wrong ways to compute its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np


def root(x: Any, eps: Any) -> Any:
    """Return the root of the mean square, plus eps under it."""
    return np.sqrt(np.mean(x * x) + eps)


def through(u: Any, h: Any, r: Any) -> Any:
    """Return the gradient of the input from that of the normalised input."""
    return (u - h * np.mean(u * h)) / r


def backward(
    root: Callable[[Any, Any], Any] = root,
    through: Callable[[Any, Any, Any], Any] = through,
) -> Callable[..., Any]:
    """Return gradients with another root, or another way back through it."""

    def gradients(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
        r = root(x, eps)
        return through(G * gamma, x / r, r), G * x / r

    return gradients


right = backward()


def loops(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n = len(x)
    r = (sum(a * a for a in x) / n + eps) ** 0.5
    dx = np.zeros(n)
    for i in range(n):
        for k in range(n):
            dx[i] += G[k] * gamma[k] * ((k == i) / r - x[k] * x[i] / (n * r**3))
    return dx, np.array([G[i] * x[i] / r for i in range(n)])


def jacobian(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n = x.size
    q = 1 / np.sqrt(np.einsum("i,i->", x, x) / n + eps)
    J = q * np.eye(n) - q**3 / n * np.outer(x, x)
    return np.einsum("k,k,ki->i", G, gamma, J), np.einsum("i,i->i", G, q * x)


def step_by_step(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    """Back through each step of the forward pass, as in a graph."""
    n = len(x)
    v = x @ x / n
    r = np.sqrt(v + eps)
    dh = G * gamma
    dr = -np.sum(dh * x) / r**2
    dv = 0.5 * dr / r
    dx = dh / r
    dx += dv * 2 * x / n
    return dx, G * (x / r)


RIGHT = {
    "plain": right,
    "loops": loops,
    "a Jacobian": jacobian,
    "step by step": step_by_step,
}


def gain_missing(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    r = root(x, eps)
    return through(G, x / r, r), G * x / r


def gain_late(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    r = root(x, eps)
    return gamma * through(G, x / r, r), G * x / r


def gain_of_input(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    return right(G, x, gamma, eps)[0], G * x


def centred(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    return right(G, x - x.mean(), gamma, eps)


def normalised_in_place(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    r = root(x, eps)
    x /= r
    return through(G * gamma, x, r), G * x


def one_entry_by_little(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma = right(G, x, gamma, eps)
    dgamma[-1] *= 1 + 1e-9
    return dx, dgamma


def one_feature_as_sign(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma = right(G, x, gamma, eps)
    return (0 * dx if len(x) == 1 else dx), dgamma  # as if eps were 0


def nothing_at_zero(G: Any, x: Any, gamma: Any, eps: Any) -> Any:
    dx, dgamma = right(G, x, gamma, eps)
    return (dx if x.any() else 0 * dx), dgamma


WRONG = {
    "root constant": backward(through=lambda u, h, r: u / r),
    "the wrong sign": backward(through=lambda u, h, r: (u + h * np.mean(u * h)) / r),
    "a sum for the mean": backward(through=lambda u, h, r: (u - h * np.sum(u * h)) / r),
    "the diagonal only": backward(through=lambda u, h, r: (u - u * h * h / len(h)) / r),
    "the mean subtracted": backward(
        through=lambda u, h, r: (u - u.mean() - h * np.mean(u * h)) / r
    ),
    "the root missing": backward(through=lambda u, h, r: u - h * np.mean(u * h)),
    "a norm for the root mean square": backward(root=lambda x, eps: np.sqrt(x @ x + eps)),
    "eps outside of the root": backward(root=lambda x, eps: np.sqrt(np.mean(x * x)) + eps),
    "eps outside, squared": backward(root=lambda x, eps: np.sqrt(np.mean(x * x)) + np.sqrt(eps)),
    "eps missing but at zero": backward(
        root=lambda x, eps: np.sqrt(np.mean(x * x) if x.any() else eps)
    ),
    "eps always 1e-6": backward(root=lambda x, eps: root(x, 1e-6)),
    "the root in single precision": backward(root=lambda x, eps: float(np.float32(root(x, eps)))),
    "the root at most 10": backward(root=lambda x, eps: min(root(x, eps), 10.0)),
    "the gain missing": gain_missing,
    "the gain late": gain_late,
    "the input for the normalised input": gain_of_input,
    "centred, as for layer normalisation": centred,
    "one feature as its sign": one_feature_as_sign,
    "nothing at zero": nothing_at_zero,
    "normalised in place": normalised_in_place,
    "a factor 1 + 1e-9 in the last gain": one_entry_by_little,
}
