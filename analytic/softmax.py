"""Question 2: softmax and cross-entropy, as one loss of the logits y.

    p = softmax(y),  p_i = exp(y_i) / Σ_k exp(y_k)
    E = -Σ_k t_k log p_k

From log p_k = y_k - log Σ_m exp(y_m) follows ∂ log p_k / ∂y_i = δ_ki - p_i, and so

    ∂E/∂y_i = -Σ_k t_k (δ_ki - p_i) = p_i Σ_k t_k - t_i

for any target vector t. Where Σt = 1 this is p - t; where t is one-hot at the true class c,
it is p with 1 subtracted at c.

Subtracting the largest logit changes none of these and keeps every exp at most 1, so that
huge logits stay finite. All vectors have shape (n,), one entry a class.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def softmax(y: Array) -> Array:
    """Return p (n,), positive and summing to 1."""
    powers: Array = np.exp(y - np.max(y))
    p: Array = powers / powers.sum()
    return p


def log_softmax(y: Array) -> Array:
    """Return log softmax(y) (n,), finite also where softmax underflows to 0."""
    shifted: Array = y - np.max(y)
    log_p: Array = shifted - np.log(np.exp(shifted).sum())
    return log_p


def cross_entropy(y: Array, t: Array) -> Any:
    """Return E = -Σ t log softmax(y) for any target vector t."""
    return -(t @ log_softmax(y))


def gradient(y: Array, t: Array) -> Array:
    """Return ∂E/∂y = softmax(y) Σt - t (n,) for any target vector t."""
    dy: Array = softmax(y) * t.sum() - t
    return dy


def gradient_one_hot(y: Array, c: int) -> Array:
    """Return ∂E/∂y (n,) where the target is one-hot at the true class c."""
    p = softmax(y)
    p[c] -= 1
    return p
