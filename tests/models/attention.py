"""Scaled dot-product attention: right and wrong ways to compute its gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def softmax(S: Any, axis: int = 1) -> Any:
    """Return softmax along an axis, of shifted scores."""
    W = np.exp(S - S.max(axis=axis, keepdims=True))
    return W / W.sum(axis=axis, keepdims=True)


def backward(
    softmax: Callable[[Any], Any] = softmax,
    through: Callable[[Any, Any], Any] = lambda P, gP: P * (gP - (P * gP).sum(1, keepdims=True)),
    forth: Callable[[int], float] = math.sqrt,
    back: Callable[[int], float] = math.sqrt,
) -> Callable[..., Any]:
    """Return gradients with another softmax, its way back, or divisors of the scores."""

    def gradients(Q: Any, K: Any, V: Any, G: Any) -> Any:
        size = Q.shape[1]
        P = softmax(Q @ K.T / forth(size))
        gS = through(P, G @ V.T) / back(size)
        return gS @ K, gS.T @ Q, P.T @ G

    return gradients


right = backward()


def loops(Q: Any, K: Any, V: Any, G: Any) -> Any:
    (n, size), m, channels = Q.shape, len(K), V.shape[1]
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    for i in range(n):
        s = [sum(Q[i, a] * K[j, a] for a in range(size)) / math.sqrt(size) for j in range(m)]
        w = [math.exp(x - max(s)) for x in s]
        p = [x / sum(w) for x in w]
        gp = [sum(G[i, c] * V[j, c] for c in range(channels)) for j in range(m)]
        mean = sum(x * y for x, y in zip(p, gp, strict=True))
        for j in range(m):
            gs = p[j] * (gp[j] - mean) / math.sqrt(size)
            dQ[i] += gs * K[j]
            dK[j] += gs * Q[i]
            dV[j] += p[j] * G[i]
    return dQ, dK, dV


def jacobians(Q: Any, K: Any, V: Any, G: Any) -> Any:
    root = Q.shape[1] ** 0.5
    P = softmax(np.einsum("ia,ja->ij", Q, K) / root)
    J = np.einsum("ij,jk->ijk", P, np.eye(len(K))) - np.einsum("ij,ik->ijk", P, P)
    gS = np.einsum("ic,kc,ijk->ij", G, V, J)
    return (
        np.einsum("ij,ja->ia", gS, K) / root,
        np.einsum("ij,ia->ja", gS, Q) / root,
        np.einsum("ij,ic->jc", P, G),
    )


def by_the_output(Q: Any, K: Any, V: Any, G: Any) -> Any:
    """As flash attention does: the sum that a row shares is G times O."""
    scale = 1 / np.sqrt(Q.shape[1])
    S = (Q * scale) @ K.T
    top = S.max(axis=1, keepdims=True)
    W = np.exp(S - top)
    Z = W.sum(axis=1, keepdims=True)
    P = W / Z
    shared = np.sum(G * (W @ V / Z), axis=1, keepdims=True)
    gS = P * (G @ V.T - shared)
    return scale * gS @ K, scale * gS.T @ Q, P.T @ G


def differences_of_values(Q: Any, K: Any, V: Any, G: Any) -> Any:
    """Only differences of values matter to the weights, so the output is taken off them first."""
    root = np.sqrt(Q.shape[1])
    P = softmax(Q @ K.T / root)
    dQ, dK = np.zeros_like(Q), np.zeros_like(K)
    for i, p in enumerate(P):
        gs = p * ((V - p @ V) @ G[i]) / root
        dQ[i] = gs @ K
        dK += np.outer(gs, Q[i])
    return dQ, dK, np.dot(P.T, G)


RIGHT = {
    "plain": right,
    "loops": loops,
    "einsum, with a Jacobian for each row": jacobians,
    "by the output, as flash attention": by_the_output,
    "by differences of values": differences_of_values,
}


def unshifted(S: Any) -> Any:
    W = np.exp(np.clip(S, -20, 20))
    return W / W.sum(axis=1, keepdims=True)


def largest_shared(S: Any) -> Any:
    top = S.max(axis=1, keepdims=True) == S
    W = np.exp(S - S.max(axis=1, keepdims=True)) / np.where(top, top.sum(1, keepdims=True), 1)
    return W / W.sum(axis=1, keepdims=True)


def causal(S: Any) -> Any:
    return softmax(np.where(np.tri(*S.shape) > 0, S, -np.inf))


def three_keys(S: Any) -> Any:
    P = softmax(S)
    P[:, 3:] = 0
    return P


def small_weights_dropped(S: Any) -> Any:
    P = softmax(S)
    return np.where(P < 1e-3, 0, P)


def transposed(Q: Any, K: Any, V: Any, G: Any) -> Any:
    dQ, dK, dV = right(Q, K, V, G)
    if len(Q) == len(K):
        P = softmax(Q @ K.T / np.sqrt(Q.shape[1]))
        dV = P @ G
    return dQ, dK, dV


def upstream_of_ones(Q: Any, K: Any, V: Any, G: Any) -> Any:
    return right(Q, K, V, np.ones_like(G))


def upstream_clipped(Q: Any, K: Any, V: Any, G: Any) -> Any:
    return right(Q, K, V, np.clip(G, -10, 10))


def values_from_scores(Q: Any, K: Any, V: Any, G: Any) -> Any:
    dQ, dK, _ = right(Q, K, V, G)
    return dQ, dK, (Q @ K.T / np.sqrt(Q.shape[1])).T @ G


def one_entry_by_little(Q: Any, K: Any, V: Any, G: Any) -> Any:
    dQ, dK, dV = right(Q, K, V, G)
    dK[-1, -1] *= 1 + 1e-9
    return dQ, dK, dV


def queries_scaled_in_place(Q: Any, K: Any, V: Any, G: Any) -> Any:
    root = np.sqrt(Q.shape[1])
    Q /= root
    P = softmax(Q @ K.T)
    gP = G @ V.T
    gS = P * (gP - (P * gP).sum(1, keepdims=True))
    return gS @ K / root, gS.T @ Q, P.T @ G


WRONG = {
    "no scale on the way back": backward(back=lambda size: 1),
    "no scale": backward(forth=lambda size: 1, back=lambda size: 1),
    "scaled by the size, not its root": backward(forth=lambda size: size, back=lambda size: size),
    "softmax along the queries": backward(softmax=lambda S: softmax(S, axis=0)),
    "the diagonal of the Jacobian only": backward(through=lambda P, gP: P * (1 - P) * gP),
    "no term that a row shares": backward(through=lambda P, gP: P * gP),
    "the shared term along the queries": backward(
        through=lambda P, gP: P * (gP - (P * gP).sum(axis=0))
    ),
    "the shared term over everything": backward(through=lambda P, gP: P * (gP - (P * gP).sum())),
    "the shared term as a mean": backward(
        through=lambda P, gP: P * (gP - gP.mean(axis=1, keepdims=True))
    ),
    "softmax skipped": backward(through=lambda P, gP: gP),
    "scores clipped at 20": backward(softmax=unshifted),
    "tied largest scores share one place": backward(softmax=largest_shared),
    "causal": backward(softmax=causal),
    "three keys at most": backward(softmax=three_keys),
    "small weights dropped": backward(softmax=small_weights_dropped),
    "a sum of weights plus 1e-6": backward(softmax=lambda S: softmax(S) / (1 + 1e-6)),
    "dV not transposed where as many queries as keys": transposed,
    "an upstream gradient of ones": upstream_of_ones,
    "the upstream gradient clipped at 10": upstream_clipped,
    "values from scores": values_from_scores,
    "a factor 1 + 1e-9 in the last key": one_entry_by_little,
    "queries scaled in place": queries_scaled_in_place,
}
