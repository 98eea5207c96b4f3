"""Functions that answer the question of an LSTM cell, right and wrong."""

from typing import Any

import numpy as np
from scipy.special import expit


def _gates(x: Any, h: Any, W: Any, U: Any, b: Any) -> Any:
    Z = x @ W + h @ U + b
    return expit(Z[0]), expit(Z[1]), np.tanh(Z[2]), expit(Z[3])


def _parameters(E: Any, x: Any, h: Any, W: Any, U: Any) -> Any:
    dx = np.einsum("qj,qij->i", E, W)
    dh = np.einsum("qj,qij->i", E, U)
    return dx, dh, np.einsum("i,qj->qij", x, E), np.einsum("i,qj->qij", h, E), E


def _backward(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    i, f, g, o = _gates(x, h, W, U, b)
    r = np.tanh(f * c + i * g)
    s = Gc + Gh * o * (1 - r**2)
    E = np.stack(
        [s * g * i * (1 - i), s * c * f * (1 - f), s * i * (1 - g**2), Gh * r * o * (1 - o)]
    )
    return s * f, E


def einsum(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    dc, E = _backward(x, h, c, W, U, b, Gh, Gc)
    dx, dh, dW, dU, db = _parameters(E, x, h, W, U)
    return dx, dh, dc, dW, dU, db


def gate_by_gate(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    z = [x @ W[q] + h @ U[q] + b[q] for q in range(4)]
    i, f, o = (1 / (1 + np.exp(-z[q])) for q in (0, 1, 3))
    g = np.tanh(z[2])
    r = np.tanh(f * c + i * g)
    dr = Gh * o
    dcell = Gc + dr * (1 - r) * (1 + r)
    signals = [
        dcell * g * i * (1 - i),
        dcell * c * f * (1 - f),
        dcell * i * (1 - g * g),
        Gh * r * o * (1 - o),
    ]
    dx, dh = np.zeros_like(x), np.zeros_like(h)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for q, e in enumerate(signals):
        dx += W[q] @ e
        dh += U[q] @ e
        dW[q] = np.outer(x, e)
        dU[q] = np.outer(h, e)
        db[q] = e
    return dx, dh, dcell * f, dW, dU, db


def joined(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    n, xh = len(x), np.concatenate([x, h])
    V = np.concatenate([W, U], axis=1)
    Z = np.tensordot(xh, V, axes=(0, 1)) + b
    i, f, o = expit(Z[[0, 1, 3]])
    g = np.tanh(Z[2])
    cell = f * c + i * g
    dcell = Gc + Gh * o / np.cosh(np.clip(cell, -350, 350)) ** 2
    E = np.empty_like(Z)
    E[0] = dcell * g * i * expit(-Z[0])
    E[1] = dcell * c * f * expit(-Z[1])
    E[2] = dcell * i * (1 - g) * (1 + g)
    E[3] = Gh * np.tanh(cell) * o * expit(-Z[3])
    dxh = np.tensordot(E, V, axes=([0, 1], [0, 2]))
    dV = E[:, None, :] * xh[:, None]
    return dxh[:n].copy(), dxh[n:].copy(), dcell * f, dV[:, :n].copy(), dV[:, n:].copy(), E


RIGHT = {"einsum": einsum, "gate by gate": gate_by_gate, "input and state joined": joined}


def cell_path_missing(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    return einsum(x, h, c, W, U, b, Gh, np.zeros_like(Gc))


def state_path_missing(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    i, f, g, o = _gates(x, h, W, U, b)
    r = np.tanh(f * c + i * g)
    E = np.stack(
        [Gc * g * i * (1 - i), Gc * c * f * (1 - f), Gc * i * (1 - g**2), Gh * r * o * (1 - o)]
    )
    dx, dh, dW, dU, db = _parameters(E, x, h, W, U)
    return dx, dh, Gc * f, dW, dU, db


def tanh_slope_missing(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    i, f, g, o = _gates(x, h, W, U, b)
    s = Gc + Gh * o
    r = np.tanh(f * c + i * g)
    E = np.stack(
        [s * g * i * (1 - i), s * c * f * (1 - f), s * i * (1 - g**2), Gh * r * o * (1 - o)]
    )
    dx, dh, dW, dU, db = _parameters(E, x, h, W, U)
    return dx, dh, s * f, dW, dU, db


def forget_gate_missing(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    dx, dh, _, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    i, f, g, o = _gates(x, h, W, U, b)
    return dx, dh, Gc + Gh * o * (1 - np.tanh(f * c + i * g) ** 2), dW, dU, db


def another_order(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    order = [0, 1, 3, 2]
    dx, dh, dc, dW, dU, db = einsum(x, h, c, W[order], U[order], b[order], Gh, Gc)
    return dx, dh, dc, dW[order], dU[order], db[order]


def rows_in_another_order(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    dx, dh, dc, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    return dx, dh, dc, dW, dU, db[[1, 0, 2, 3]]


def recurrent_transposed(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    dx, _, dc, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    return dx, np.einsum("qj,qji->i", db, U), dc, dW, dU, db


def new_cell_forgotten(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    i, f, g, _ = _gates(x, h, W, U, b)
    dc, E = _backward(x, h, c, W, U, b, Gh, Gc)
    E[1] = dc * (f * c + i * g) * (1 - f)
    dx, dh, dW, dU, db = _parameters(E, x, h, W, U)
    return dx, dh, dc, dW, dU, db


def forget_bias_one(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    shifted = b.copy()
    shifted[1] += 1
    return einsum(x, h, c, W, U, shifted, Gh, Gc)


def cell_clipped(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any) -> Any:
    return einsum(x, h, np.clip(c, -3, 3), W, U, b, Gh, Gc)


def nothing_from_an_empty_cell(
    x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any
) -> Any:
    dx, dh, dc, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    return dx, dh, np.where(c == 0, 0.0, dc), dW, dU, db


def state_weights_from_the_input(
    x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any
) -> Any:
    dx, dh, dc, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    return dx, dh, dc, dW, dW.copy() if dW.shape == dU.shape else dU, db


def one_weight_off_by_a_hair(
    x: Any, h: Any, c: Any, W: Any, U: Any, b: Any, Gh: Any, Gc: Any
) -> Any:
    dx, dh, dc, dW, dU, db = einsum(x, h, c, W, U, b, Gh, Gc)
    dW[2, -1, 0] *= 1 + 1e-9
    return dx, dh, dc, dW, dU, db


WRONG = {
    "the cell's own gradient left out": cell_path_missing,
    "the cell's part in the state left out": state_path_missing,
    "the slope of the last tanh missing": tanh_slope_missing,
    "the forget gate missing": forget_gate_missing,
    "the gates in another order": another_order,
    "the biases in another order": rows_in_another_order,
    "the recurrent weights transposed": recurrent_transposed,
    "the new cell for the old one": new_cell_forgotten,
    "1 added to the forget gate's bias": forget_bias_one,
    "the cell clipped": cell_clipped,
    "nothing back to an empty cell": nothing_from_an_empty_cell,
    "the state's weights from the input": state_weights_from_the_input,
    "one weight off by 1e-9": one_weight_off_by_a_hair,
}
