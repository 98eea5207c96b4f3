"""Functions that answer the question of a recurrent network, right and wrong."""

from typing import Any

import numpy as np


def _states(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    h = [h0]
    for x in X:
        h.append(np.tanh(x @ Wx + h[-1] @ Wh + b))
    return h


def through_time(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    dX, dWx, dWh, db = np.zeros_like(X), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    back = np.zeros_like(h0)
    for t in reversed(range(len(X))):
        e = (G[t] + back) * (1 - h[t + 1] ** 2)
        dX[t] = Wx @ e
        dWx += np.outer(X[t], e)
        dWh += np.outer(h[t], e)
        db += e
        back = Wh @ e
    return dX, back, dWx, dWh, db


def stacked(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = np.array(_states(X, h0, Wx, Wh, b))
    slopes = (1 - h[1:]) * (1 + h[1:])
    E = G * slopes
    E[1] += (E[2] @ Wh.T) * slopes[1]
    E[0] += (E[1] @ Wh.T) * slopes[0]
    return E @ Wx.T, E[0] @ Wh.T, X.T @ E, h[:-1].T @ E, E.sum(axis=0)


def jacobians(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    D = [np.diag(1 - s * s) for s in h[1:]]
    e3 = D[2] @ G[2]
    e2 = D[1] @ (G[1] + Wh @ e3)
    e1 = D[0] @ (G[0] + Wh @ D[1] @ G[1] + Wh @ D[1] @ Wh @ e3)
    E = np.stack([e1, e2, e3])
    return (
        np.einsum("tj,ij->ti", E, Wx),
        np.einsum("ij,j->i", Wh, e1),
        np.einsum("ti,tj->ij", X, E),
        np.einsum("ti,tj->ij", np.stack(h[:-1]), E),
        np.einsum("tj->j", E),
    )


RIGHT = {"through time": through_time, "stacked": stacked, "Jacobians and einsum": jacobians}


def _by_signals(X: Any, h: Any, Wx: Any, Wh: Any, E: Any) -> Any:
    H = np.stack(h[:-1])
    return E @ Wx.T, Wh @ E[0], X.T @ E, H.T @ E, E.sum(axis=0)


def each_step_by_itself(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    return _by_signals(X, h, Wx, Wh, G * (1 - np.stack(h[1:]) ** 2))


def truncated(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    slopes = 1 - np.stack(h[1:]) ** 2
    E = G * slopes
    E[:-1] += (E[1:] @ Wh.T) * slopes[:-1]
    return _by_signals(X, h, Wx, Wh, E)


def last_output_only(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    only = np.zeros_like(G)
    only[-1] = G[-1]
    return through_time(X, h0, Wx, Wh, b, only)


def transposed(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    slopes = 1 - np.stack(h[1:]) ** 2
    E = G * slopes
    E[1] += (E[2] @ Wh) * slopes[1]
    E[0] += (E[1] @ Wh) * slopes[0]
    return _by_signals(X, h, Wx, Wh.T, E)


def tanh_twice(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    slopes = 1 - np.tanh(np.stack(h[1:])) ** 2
    E = G * slopes
    E[1] += (E[2] @ Wh.T) * slopes[1]
    E[0] += (E[1] @ Wh.T) * slopes[0]
    return _by_signals(X, h, Wx, Wh, E)


def states_after(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    dX, dh0, dWx, _, db = through_time(X, h0, Wx, Wh, b, G)
    h = _states(X, h0, Wx, Wh, b)
    slopes = 1 - np.stack(h[1:]) ** 2
    E = G * slopes
    E[1] += (E[2] @ Wh.T) * slopes[1]
    E[0] += (E[1] @ Wh.T) * slopes[0]
    return dX, dh0, dWx, np.stack(h[1:]).T @ E, db


def overwritten(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    dX, back = np.zeros_like(X), np.zeros_like(h0)
    for t in (2, 1, 0):
        e = (G[t] + back) * (1 - h[t + 1] ** 2)
        dX[t] = Wx @ e
        dWx, dWh, db = np.outer(X[t], e), np.outer(h[t], e), e
        back = Wh @ e
    return dX, back, dWx, dWh, db


def first_state_zero(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    return through_time(X, np.zeros_like(h0), Wx, Wh, b, G)


def clipped(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    return tuple(np.clip(g, -5, 5) for g in through_time(X, h0, Wx, Wh, b, G))


def inputs_clipped(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    return through_time(np.clip(X, -1e7, 1e7), h0, Wx, Wh, b, G)


def saturated(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    h = _states(X, h0, Wx, Wh, b)
    slopes = (1 - np.stack(h[1:]) ** 2) * (np.abs(np.stack(h[1:])) < 0.99)
    E = G * slopes
    E[1] += (E[2] @ Wh.T) * slopes[1]
    E[0] += (E[1] @ Wh.T) * slopes[0]
    return _by_signals(X, h, Wx, Wh, E)


def repeated_inputs_once(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    dX, dh0, dWx, dWh, db = through_time(X, h0, Wx, Wh, b, G)
    return (
        (dX, dh0, dWx, dWh, db) if len(np.unique(X, axis=0)) == 3 else (dX, dh0, dWx / 3, dWh, db)
    )


def one_weight_off_by_a_hair(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, G: Any) -> Any:
    dX, dh0, dWx, dWh, db = through_time(X, h0, Wx, Wh, b, G)
    dWh[-1, -1] *= 1 + 1e-9
    return dX, dh0, dWx, dWh, db


WRONG = {
    "each step by itself": each_step_by_itself,
    "one step back": truncated,
    "only the last output": last_output_only,
    "the recurrent weights transposed": transposed,
    "tanh applied to the state again": tanh_twice,
    "the state after the step": states_after,
    "steps overwritten": overwritten,
    "the first state zero": first_state_zero,
    "gradients clipped": clipped,
    "inputs clipped at 1e7": inputs_clipped,
    "nothing from saturated states": saturated,
    "averaged where an input is repeated": repeated_inputs_once,
    "one weight off by 1e-9": one_weight_off_by_a_hair,
}
