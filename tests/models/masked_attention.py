"""Masked attention: right and wrong ways to compute its gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def weights(S: Any, mask: Any) -> Any:
    """Return the weights of the keys, 0 in the row of a query that sees none."""
    seen = mask > 0
    top = np.max(S, axis=1, keepdims=True, where=seen, initial=-np.inf)
    W = np.exp(S - np.where(np.isfinite(top), top, 0), out=np.zeros_like(S), where=seen)
    total = W.sum(axis=1, keepdims=True)
    return W / np.where(total == 0, 1, total)


def through(P: Any, gP: Any, mask: Any) -> Any:
    """Return the gradient of the scores."""
    return P * (gP - np.sum(P * gP, axis=1, keepdims=True))


def backward(
    weights: Callable[[Any, Any], Any] = weights,
    through: Callable[[Any, Any, Any], Any] = through,
    divisor: Callable[[int], float] = math.sqrt,
) -> Callable[..., Any]:
    """Return gradients with other weights, way back through them, or divisor on that way."""

    def gradients(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
        size = Q.shape[1]
        P = weights(Q @ K.T / math.sqrt(size), mask)
        gS = through(P, G @ V.T, mask) / divisor(size)
        return gS @ K, gS.T @ Q, P.T @ G

    return gradients


right = backward()


def loops(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    root = math.sqrt(Q.shape[1])
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    for i in range(len(Q)):
        seen = [j for j in range(len(K)) if mask[i, j] == 1]
        if not seen:
            continue
        s = [float(Q[i] @ K[j]) / root for j in seen]
        w = [math.exp(x - max(s)) for x in s]
        p = [x / sum(w) for x in w]
        gp = [float(G[i] @ V[j]) for j in seen]
        mean = sum(x * y for x, y in zip(p, gp, strict=True))
        for j, p_j, gp_j in zip(seen, p, gp, strict=True):
            gs = p_j * (gp_j - mean) / root
            dQ[i] += gs * K[j]
            dK[j] += gs * Q[i]
            dV[j] += p_j * G[i]
    return dQ, dK, dV


def minus_infinity(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    root = np.sqrt(Q.shape[1])
    S = np.where(mask == 1, np.einsum("ia,ja->ij", Q, K) / root, -np.inf)
    blind = mask.sum(axis=1) == 0
    S[blind] = 0
    P = np.exp(S - S.max(axis=1)[:, None])
    P /= P.sum(axis=1)[:, None]
    P[blind] = 0
    gP = np.einsum("ic,jc->ij", G, V)
    gS = P * gP - P * np.einsum("ij,ij->i", P, gP)[:, None]
    return (
        np.einsum("ij,ja->ia", gS, K) / root,
        np.einsum("ij,ia->ja", gS, Q) / root,
        np.einsum("ij,ic->jc", P, G),
    )


def query_by_query(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    """Each query with the keys that it sees, as an attention of its own."""
    scale = Q.shape[1] ** -0.5
    dQ, dK, dV = np.zeros(Q.shape), np.zeros(K.shape), np.zeros(V.shape)
    for i, row in enumerate(mask.astype(bool)):
        if row.any():
            s = K[row] @ Q[i] * scale
            p = np.exp(s - s.max())
            p /= p.sum()
            gs = p * ((V[row] - p @ V[row]) @ G[i]) * scale
            dQ[i] = gs @ K[row]
            dK[row] += np.outer(gs, Q[i])
            dV[row] += np.outer(p, G[i])
    return dQ, dK, dV


def by_the_output(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    P = weights(Q @ K.T / np.sqrt(Q.shape[1]), mask)
    shared = np.sum(G * (P @ V), axis=1, keepdims=True)
    gS = P * (G @ V.T - shared) / np.sqrt(Q.shape[1])
    return gS @ K, gS.T @ Q, P.T @ G


RIGHT = {
    "plain": right,
    "loops": loops,
    "minus infinity for hidden keys": minus_infinity,
    "query by query": query_by_query,
    "by the output, as flash attention": by_the_output,
}


def softmax(S: Any) -> Any:
    W = np.exp(S - S.max(axis=1, keepdims=True))
    return W / W.sum(axis=1, keepdims=True)


def nan_for_blind_queries(S: Any, mask: Any) -> Any:
    with np.errstate(invalid="ignore"):
        return softmax(np.where(mask > 0, S, -np.inf))


def first_row_of_mask(S: Any, mask: Any) -> Any:
    return weights(S, np.broadcast_to(mask[:1], mask.shape))


def transposed_where_square(S: Any, mask: Any) -> Any:
    return weights(S, mask.T if len(mask) == len(mask.T) else mask)


def first_key_always_seen(S: Any, mask: Any) -> Any:
    seen = mask.copy()
    seen[:, 0] = 1
    return weights(S, seen)


def first_key_seen_by_blind_queries(S: Any, mask: Any) -> Any:
    seen = mask.copy()
    seen[mask.sum(axis=1) == 0, 0] = 1
    return weights(S, seen)


def sum_of_all(P: Any, gP: Any, mask: Any) -> Any:
    return P * (gP - np.sum(P * gP))


def mask_filled_in_place(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    answer = right(Q, K, V, mask, G)
    mask[mask == 0] = -1e9
    return answer


def one_entry_by_little(Q: Any, K: Any, V: Any, mask: Any, G: Any) -> Any:
    dQ, dK, dV = right(Q, K, V, mask, G)
    dV[0, 0] *= 1 + 1e-9
    return dQ, dK, dV


WRONG = {
    "no mask": backward(weights=lambda S, mask: softmax(S)),
    "the mask after softmax": backward(weights=lambda S, mask: mask * softmax(S)),
    "the mask inverted": backward(weights=lambda S, mask: weights(S, 1 - mask)),
    "scores of hidden keys 0": backward(weights=lambda S, mask: softmax(mask * S)),
    "the mask added": backward(weights=lambda S, mask: softmax(S + mask)),
    "minus 1e9, so that blind queries see all": backward(
        weights=lambda S, mask: softmax(np.where(mask > 0, S, -1e9))
    ),
    "minus 1e9 added, so that blind queries see all": backward(
        weights=lambda S, mask: softmax(S + (mask - 1) * 1e9)
    ),
    "minus 30, which is not far enough": backward(
        weights=lambda S, mask: softmax(np.where(mask > 0, S, -30)) * mask.max(1, keepdims=True)
    ),
    "nan for blind queries": backward(weights=nan_for_blind_queries),
    "blind queries see the first key": backward(weights=first_key_seen_by_blind_queries),
    "the first key always seen": backward(weights=first_key_always_seen),
    "the first query's mask for all": backward(weights=first_row_of_mask),
    "the mask transposed where it is square": backward(weights=transposed_where_square),
    "a causal mask": backward(weights=lambda S, mask: weights(S, np.tri(*mask.shape))),
    "a sum of weights plus 1e-9": backward(weights=lambda S, mask: weights(S, mask) / (1 + 1e-9)),
    "no scale on the way back": backward(divisor=lambda size: 1),
    "the diagonal of the Jacobian only": backward(through=lambda P, gP, mask: P * (1 - P) * gP),
    "a plain mean of the keys seen": backward(
        through=lambda P, gP, mask: (
            P * (gP - (mask * gP).sum(1, keepdims=True) / np.maximum(mask.sum(1, keepdims=True), 1))
        )
    ),
    "the shared term over everything": backward(through=sum_of_all),
    "the mask changed in place": mask_filled_in_place,
    "a factor 1 + 1e-9 in the first value": one_entry_by_little,
}
