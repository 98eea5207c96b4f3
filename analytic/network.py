"""Question 1: a two-layer ReLU network with half the sum of squared errors, all samples at once.

    z = X W1 + b1        dL/dW1 = Xᵀ δ
    h = max(z, 0)        dL/db1 = Σ_k δ_k
    y = h·w2 + b2        dL/dw2 = hᵀ e
    e = y - t            dL/db2 = Σ_k e_k
    L = ½ Σ_k e_k²       where δ = (e w2ᵀ) ∘ [z > 0]

The rows of X are the samples. At z = 0, where ReLU has no derivative, we take 0.

    array  shape    what it is
    W1     (d, h)   first-layer weights, one column a hidden unit
    b1     (h,)     first-layer biases
    w2     (h,)     second-layer weights
    b2     ()       second-layer bias
    X      (n, d)   inputs, one row a sample
    t      (n,)     targets
    z, h   (n, h)   pre-activations and activations
    y, e   (n,)     outputs and errors
    δ      (n, h)   the error as it reaches each hidden unit

Floats, fractions and any other numbers that NumPy can add and multiply will do.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def forward(W1: Array, b1: Array, w2: Array, b2: Any, X: Array) -> tuple[Array, Array, Array]:
    """Return the pre-activations z (n, h), the activations h (n, h) and the outputs y (n,)."""
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    y = h @ w2 + b2
    return z, h, y


def loss(W1: Array, b1: Array, w2: Array, b2: Any, X: Array, t: Array) -> Any:
    """Return L, half the sum of the squared errors over all samples."""
    _, _, y = forward(W1, b1, w2, b2, X)
    e = y - t
    return e @ e / 2


def network_gradients(
    W1: Array, b1: Array, w2: Array, b2: Any, X: Array, t: Array
) -> tuple[Array, Array, Array, Any]:
    """Return dL/dW1 (d, h), dL/db1 (h,), dL/dw2 (h,) and dL/db2 ()."""
    z, h, y = forward(W1, b1, w2, b2, X)
    e = y - t
    delta = np.outer(e, w2) * (z > 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()
