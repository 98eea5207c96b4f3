"""Question 2: softmax and cross-entropy, as one loss of the logits y.

    p_i = exp(y_i) / Σ_m exp(y_m)      log p_k = y_k - log Σ_m exp(y_m)
    E   = -Σ_k t_k log p_k             ∂ log p_k / ∂y_i = δ_ki - p_i

    ∂E/∂y_i = -Σ_k t_k (δ_ki - p_i)
            = p_i Σ_k t_k - t_i        for any targets t
            = p_i - t_i                where Σ_k t_k = 1
            = p_i - δ_ic               where t is one-hot at the true class c

Subtracting the largest logit changes none of these and keeps every exp at most 1, so that
huge logits stay finite.

    array  shape  what it is
    y      (n,)   logits, one entry a class
    t      (n,)   targets
    p      (n,)   softmax of the logits
    c      ()     the true class, from 0 to n - 1
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def softmax(y: Array) -> Array:
    """Return p (n,), which sums to 1."""
    powers: Array = np.exp(y - np.max(y))
    p: Array = powers / powers.sum()
    return p


def log_softmax(y: Array) -> Array:
    """Return log p (n,), finite also where p underflows to 0."""
    shifted: Array = y - np.max(y)
    log_p: Array = shifted - np.log(np.exp(shifted).sum())
    return log_p


def cross_entropy(y: Array, t: Array) -> Any:
    """Return E for any targets t."""
    return -(t @ log_softmax(y))


def softmax_gradient(y: Array, t: Array) -> Array:
    """Return ∂E/∂y (n,) for any targets t."""
    dy: Array = softmax(y) * t.sum() - t
    return dy


def softmax_gradient_one_hot(y: Array, c: int) -> Array:
    """Return ∂E/∂y (n,) where the target is one-hot at the true class c."""
    dy = softmax(y)
    dy[c] -= 1
    return dy
